#include "address.h"

#include "penstock/policy.h"

#include <algorithm>

namespace penstock {
namespace {

constexpr std::size_t kShortestShortCode = 3;
constexpr std::size_t kLongestShortCode = 8;
constexpr std::size_t kShortestPhone = 7;
constexpr std::size_t kLongestPhone = 15;
constexpr std::size_t kLongestSenderName = 11;
constexpr std::size_t kLongestLocalPart = 64;
constexpr std::size_t kLongestMailbox = 254;
constexpr std::size_t kLongestLabel = 63;

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool isBeyondAscii(char c) { return static_cast<unsigned char>(c) >= 0x80; }
bool isBlank(char c) { return c == ' ' || c == '\t'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool separatesDigits(char c) { return isBlank(c) || std::string_view("-.()[]").find(c) != std::string_view::npos; }

bool isLocalCharacter(char c) {
  return isLetter(c) || isDigit(c) || isBeyondAscii(c) ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool isLocalPart(std::string_view local) {
  if (local.empty() || local.size() > kLongestLocalPart || local.front() == '.' || local.back() == '.') return false;
  if (local.find("..") != std::string_view::npos) return false;
  return std::all_of(local.begin(), local.end(), [](char c) { return c == '.' || isLocalCharacter(c); });
}

bool isLabel(std::string_view label) {
  if (label.empty() || label.size() > kLongestLabel || label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(),
                     [](char c) { return isLetter(c) || isDigit(c) || isBeyondAscii(c) || c == '-'; });
}

bool isDomain(std::string_view domain) {
  for (;;) {
    const auto dot = domain.find('.');
    if (!isLabel(domain.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    domain.remove_prefix(dot + 1);
  }
}

bool isMailbox(std::string_view text) {
  const auto at = text.find('@');
  return at != std::string_view::npos && text.size() <= kLongestMailbox && isLocalPart(text.substr(0, at)) &&
         isDomain(text.substr(at + 1));
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && isBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && isBlank(text.back())) text.remove_suffix(1);
  return text;
}

bool sameIgnoringCase(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

/// The inside of `[a@b](mailto:a@b)`; empty when the two addresses differ, for then nobody knows which was meant.
std::string_view insideLink(std::string_view text) {
  constexpr std::string_view kMiddle = "](mailto:";
  const auto middle = text.find(kMiddle);
  if (middle == std::string_view::npos || text.back() != ')') return {};
  const std::string_view shown = text.substr(1, middle - 1);
  text.remove_prefix(middle + kMiddle.size());
  text.remove_suffix(1);
  return sameIgnoringCase(shown, text) ? text : std::string_view{};
}

/// The inside of `Name <a@b>`.
std::string_view insideAngles(std::string_view text) {
  const auto open = text.rfind('<');
  if (open == std::string_view::npos) return {};
  const std::string_view name = text.substr(0, open);
  if (std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; }))
    return {};
  return text.substr(open + 1, text.size() - open - 2);
}

}  // namespace

std::optional<std::string> phoneNumber(std::string_view text) {
  std::string digits;
  bool plus = false;
  for (const char c : text) {
    if (separatesDigits(c)) continue;
    if (c == '+' && !plus && digits.empty()) {
      plus = true;
      digits.push_back('+');
    } else if (isDigit(c) && digits.size() <= kLongestPhone) {
      digits.push_back(c);
    } else {
      return std::nullopt;
    }
  }
  const std::size_t count = digits.size() - (plus ? 1 : 0);
  if (!plus && count >= kShortestShortCode && count <= kLongestShortCode) return digits;
  if (count < kShortestPhone || count > kLongestPhone) return std::nullopt;
  if (!plus) digits.insert(digits.begin(), '+');
  return digits;
}

bool isSenderName(std::string_view text) {
  return text.size() <= kLongestSenderName &&
         std::all_of(text.begin(), text.end(), [](char c) { return isLetter(c) || isDigit(c); }) &&
         std::any_of(text.begin(), text.end(), isLetter);
}

std::optional<std::string_view> mailAddress(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return std::nullopt;
  if (text.front() == '[')
    text = insideLink(text);
  else if (text.back() == '>')
    text = insideAngles(text);
  if (!isMailbox(text)) return std::nullopt;
  return text;
}

std::string comparableMailbox(std::string_view bare) {
  const auto at = bare.find('@');
  const auto plus = bare.find('+');
  // What is left of the tag must be a local part itself, or the comparable form would not be an address.
  const bool tagged = plus != std::string_view::npos && plus > 0 && plus < at && bare[plus - 1] != '.';
  std::string result;
  result.reserve(bare.size());
  result.append(bare.substr(0, tagged ? plus : at));
  if (at != std::string_view::npos) result.append(bare.substr(at));
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

std::optional<std::string> comparableAddress(Channel channel, std::string_view text) {
  if (channel == Channel::Email) {
    const auto bare = mailAddress(text);
    return bare ? std::optional(comparableMailbox(*bare)) : std::nullopt;
  }
  if (auto number = phoneNumber(text)) return number;
  return isSenderName(text) ? std::optional(std::string(text)) : std::nullopt;
}

}  // namespace penstock
