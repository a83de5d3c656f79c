#include "policy/clean_text.h"

#include "policy/lua_json.h"

#include <cstring>

namespace penstock {
namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080U;
constexpr std::uint64_t kLowBits = 0x0101010101010101U;

/// Whether all eight bytes are ASCII and none is 0 (for ASCII bytes the borrow trick is exact).
bool isPlainAscii(std::uint64_t word) { return (((word - kLowBits) | word) & kHighBits) == 0; }

bool isContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

/// Length of the UTF-8 sequence at `text`, 0 when it is none (table 3-7 of the Unicode standard).
std::size_t sequenceLength(const unsigned char* text, std::size_t left) {
  const unsigned char first = text[0];
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (left < length) return 0;
  const unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (text[1] < low || text[1] > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (!isContinuation(text[i])) return 0;
  }
  return length;
}

}  // namespace

TextFault faultOf(std::string_view text) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t at = 0;
  while (at < text.size()) {
    std::uint64_t word = 0;
    if (text.size() - at >= sizeof word) {
      std::memcpy(&word, bytes + at, sizeof word);
      if (isPlainAscii(word)) {
        at += sizeof word;
        continue;
      }
    }
    if (bytes[at] == 0) return TextFault::Nul;
    const std::size_t length = sequenceLength(bytes + at, text.size() - at);
    if (length == 0) return TextFault::Encoding;
    at += length;
  }
  return TextFault::None;
}

TextFault faultOfAny(const boost::json::value& value, int depth) {
  if (depth > kDeepestJson) return TextFault::Depth;
  if (const auto* text = value.if_string()) return faultOf({text->data(), text->size()});
  if (const auto* array = value.if_array()) {
    for (const boost::json::value& item : *array) {
      if (const auto fault = faultOfAny(item, depth + 1); fault != TextFault::None) return fault;
    }
  }
  if (const auto* object = value.if_object()) {
    for (const auto& [name, member] : *object) {
      if (const auto fault = faultOf({name.data(), name.size()}); fault != TextFault::None) return fault;
      if (const auto fault = faultOfAny(member, depth + 1); fault != TextFault::None) return fault;
    }
  }
  return TextFault::None;
}

std::string_view sentence(TextFault fault) {
  switch (fault) {
    case TextFault::Nul:
      return "must not contain U+0000";
    case TextFault::Encoding:
      return "must be UTF-8";
    case TextFault::Depth:
      return "is nested too deeply";
    case TextFault::None:
      break;
  }
  return {};
}

}  // namespace penstock
