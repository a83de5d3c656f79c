#pragma once

#include <array>
#include <string_view>

namespace penstock {

/// Character classes of RFC 9110, 5.6, and lists of words in field values.
namespace detail {
constexpr std::array<char, 256> makeLowerTokens() {
  std::array<char, 256> table{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"))
    table[static_cast<unsigned char>(c)] = c;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = static_cast<char>(c - 'A' + 'a');
  return table;
}
inline constexpr std::array<char, 256> kLowerTokens = makeLowerTokens();
}  // namespace detail

/// The lower-case form of a token's character, '\0' for any other.
constexpr char lowerToken(char c) { return detail::kLowerTokens[static_cast<unsigned char>(c)]; }
constexpr bool isDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool isBlank(char c) { return c == ' ' || c == '\t'; }
constexpr bool isVisible(char c) { return c > ' ' && c < '\x7f'; }
/// HTAB, SP, visible, or obs-text.
constexpr bool isFieldByte(char c) { return (static_cast<unsigned char>(c) >= 0x20 && c != '\x7f') || c == '\t'; }

constexpr bool isToken(std::string_view text) {
  for (const char c : text)
    if (lowerToken(c) == '\0') return false;
  return !text.empty();
}

constexpr bool equalIgnoringCase(std::string_view left, std::string_view lower) {
  if (left.size() != lower.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const char c = left[i] >= 'A' && left[i] <= 'Z' ? static_cast<char>(left[i] - 'A' + 'a') : left[i];
    if (c != lower[i]) return false;
  }
  return true;
}

constexpr std::string_view trim(std::string_view text) {
  while (!text.empty() && isBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && isBlank(text.back())) text.remove_suffix(1);
  return text;
}

/// Cuts the text up to `mark` off the front of `rest` and returns it, without blanks around it.
constexpr std::string_view cut(std::string_view& rest, char mark) {
  const std::size_t at = rest.find(mark);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view{} : rest.substr(at + 1);
  return trim(part);
}

/// Whether the comma-separated list has the (lower-case) word.
constexpr bool listHas(std::string_view list, std::string_view word) {
  while (!list.empty())
    if (equalIgnoringCase(cut(list, ','), word)) return true;
  return false;
}

/// Whether the comma-separated list has nothing but tokens and empty elements (RFC 9110, 5.6.1).
constexpr bool isTokenList(std::string_view list) {
  while (!list.empty()) {
    const std::string_view element = cut(list, ',');
    if (!element.empty() && !isToken(element)) return false;
  }
  return true;
}

/// Value of a hexadecimal digit, -1 for any other character.
constexpr int hexDigit(char c) {
  if (isDigit(c)) return c - '0';
  const char lower = lowerToken(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Host = uri-host [":" port], here without the sub-delimiters that no host name has; may be empty.
constexpr bool isHost(std::string_view text) {
  for (const char c : text)
    if (!(isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
          std::string_view("-._~:[]%").find(c) != std::string_view::npos))
      return false;
  return true;
}

}  // namespace penstock
