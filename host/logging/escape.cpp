#include "logging/escape.h"

#include <array>
#include <cstdint>

namespace penstock {
namespace {

constexpr std::size_t kLongestText = 8192;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Character {
  char32_t code = 0;
  std::size_t length = 0;  // 0: not UTF-8
};

/// Well-formed sequences of The Unicode Standard, table 3-7.
Character decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead >= 0xF0 && lead <= 0xF4  ? 4
                             : lead >= 0xE0 && lead < 0xF0 ? 3
                             : lead >= 0xC2 && lead < 0xE0 ? 2
                                                           : 0;
  if (length == 0 || text.size() < length) return {};
  char32_t code = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return {};
    code = (code << 6U) | (byte(i) & 0x3FU);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  if (overlong || (code >= 0xD800 && code <= 0xDFFF) || code > 0x10FFFF) return {};
  return {code, length};
}

/// C1 controls, line and paragraph separators, and what turns the direction of writing.
bool disturbs(char32_t code) {
  return code < 0xA0 || (code >= 0x200E && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
}

void appendUnicodeEscape(std::string& out, char32_t code) {
  constexpr std::string_view digits = "0123456789abcdef";
  const std::array<char, 6> escape{'\\',
                                   'u',
                                   digits[(code >> 12U) & 0xFU],
                                   digits[(code >> 8U) & 0xFU],
                                   digits[(code >> 4U) & 0xFU],
                                   digits[code & 0xFU]};
  out.append(escape.data(), escape.size());
}

void appendControl(std::string& out, char control) {
  switch (control) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      appendUnicodeEscape(out, static_cast<unsigned char>(control));
  }
}

constexpr std::array<bool, 256> plainBytes(bool quoting) {
  std::array<bool, 256> plain{};
  for (std::size_t byte = 0x20; byte < 0x7F; ++byte) plain[byte] = !quoting || (byte != '"' && byte != '\\');
  return plain;
}

std::string_view cut(std::string_view text) {
  std::size_t length = kLongestText;
  while (length > kLongestText - 4 && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U) --length;
  return text.substr(0, length);
}

}  // namespace

void appendEscaped(std::string& out, std::string_view text, bool quoting) {
  static constexpr std::array kPlain{plainBytes(false), plainBytes(true)};
  const auto& plain = kPlain[quoting ? 1 : 0];
  const bool too_long = text.size() > kLongestText;
  if (too_long) text = cut(text);
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = at;
    while (end < text.size() && plain[static_cast<unsigned char>(text[end])]) ++end;
    out.append(text.data() + at, end - at);
    at = end;
    if (at == text.size()) break;
    const char c = text[at];
    if (static_cast<unsigned char>(c) < 0x80) {
      if (c == '"' || c == '\\') {
        out += '\\';
        out += c;
      } else {
        appendControl(out, c);
      }
      ++at;
      continue;
    }
    const Character character = decode(text.substr(at));
    if (character.length == 0) {
      out += kReplacement;
      ++at;
      continue;
    }
    if (disturbs(character.code))
      appendUnicodeEscape(out, character.code);
    else
      out.append(text.data() + at, character.length);
    at += character.length;
  }
  if (too_long) out += "…";
}

}  // namespace penstock
