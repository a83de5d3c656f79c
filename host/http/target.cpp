#include "http/target.h"

#include "http/text.h"

#include <utf8proc.h>

namespace penstock {
namespace {

constexpr std::size_t kMostParameters = 100;

bool isUtf8(std::string_view text) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t point = 0;
    const utf8proc_ssize_t length = utf8proc_iterate(bytes, left, &point);
    if (length <= 0) return false;
    bytes += length;
    left -= length;
  }
  return true;
}

std::optional<Refusal> badTarget(std::string_view detail) { return Refusal{RefusalCode::BadTarget, detail, {}}; }

}  // namespace

std::optional<Refusal> splitTarget(std::string_view text, Target& target) {
  target = Target{};
  if (text == "*") {
    target.whole = target.path = text;
    target.asterisk = true;
    return std::nullopt;
  }
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equalIgnoringCase(text.substr(0, scheme.size()), scheme)) continue;
    text.remove_prefix(scheme.size());
    const std::size_t end = std::min(text.find_first_of("/?"), text.size());
    const std::string_view authority = text.substr(0, end);
    if (authority.empty() || !isHost(authority)) return badTarget("The authority of the target is not a host name.");
    text.remove_prefix(end);
    if (!text.starts_with('/')) return text.empty() ? splitTarget("/", target) : badTarget("The target has no path.");
    break;
  }
  if (!text.starts_with('/')) return badTarget("The target is not a path.");
  const std::size_t mark = text.find('?');
  target.whole = text;
  target.path = text.substr(0, mark);
  if (mark != std::string_view::npos) target.query = text.substr(mark + 1);
  return std::nullopt;
}

bool percentDecode(std::string_view text, bool form, std::string& decoded) {
  decoded.clear();
  bool ascii = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(form && text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return false;
    const int high = hexDigit(text[i + 1]);
    const int low = hexDigit(text[i + 2]);
    if (high < 0 || low < 0 || (high == 0 && low == 0)) return false;
    decoded.push_back(static_cast<char>(high * 16 + low));
    ascii = ascii && high < 8;
    i += 2;
  }
  return ascii || isUtf8(decoded);
}

std::optional<Refusal> decodeQuery(std::string_view text, std::vector<std::pair<std::string, std::string>>& pairs) {
  while (!text.empty()) {
    std::string_view pair = cut(text, '&');
    if (pair.empty()) continue;
    if (pairs.size() == kMostParameters) return badTarget("The query has too many parameters.");
    const std::string_view name = cut(pair, '=');
    auto& [key, value] = pairs.emplace_back();
    if (!percentDecode(name, true, key) || !percentDecode(pair, true, value))
      return badTarget("The query is not percent-encoded UTF-8.");
  }
  return std::nullopt;
}

}  // namespace penstock
