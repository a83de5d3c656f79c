#include "penstock/json.h"

#include <cstring>

namespace penstock {

namespace {

constexpr std::uint64_t repeated(std::uint8_t byte) { return byte * 0x0101010101010101U; }

/// A word in which the high bit of each zero byte of `word` is set; bits above the first one may be wrong.
constexpr std::uint64_t zeroBytes(std::uint64_t word) { return (word - repeated(0x01)) & ~word & repeated(0x80); }

/// Whether one of eight characters must be escaped: below 0x20, a quote or a backslash.
bool anyToEscape(const char* eight) {
  std::uint64_t word = 0;
  std::memcpy(&word, eight, sizeof word);
  const std::uint64_t control = (word - repeated(0x20)) & ~word & repeated(0x80);
  return (control | zeroBytes(word ^ repeated('"')) | zeroBytes(word ^ repeated('\\'))) != 0;
}

bool toEscape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

/// Where the first character to escape is, from `at`; the size when there is none.
std::size_t nextToEscape(std::string_view text, std::size_t at) {
  while (text.size() - at >= 8 && !anyToEscape(text.data() + at)) at += 8;
  while (at < text.size() && !toEscape(text[at])) ++at;
  return at;
}

void appendEscape(std::string& out, char c) {
  static constexpr char kDigits[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out.append("\\\"");
      break;
    case '\\':
      out.append("\\\\");
      break;
    case '\n':
      out.append("\\n");
      break;
    case '\r':
      out.append("\\r");
      break;
    case '\t':
      out.append("\\t");
      break;
    default:
      out.append("\\u00");
      out.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
      out.push_back(kDigits[c & 0x0F]);
  }
}

}  // namespace

void JsonWriter::quote(std::string_view text) {
  out_.push_back('"');
  std::size_t plain = 0;
  for (std::size_t at = nextToEscape(text, 0); at < text.size(); at = nextToEscape(text, plain)) {
    out_.append(text, plain, at - plain);
    appendEscape(out_, text[at]);
    plain = at + 1;
  }
  out_.append(text, plain);
  out_.push_back('"');
}

}  // namespace penstock
