#include "shared/store/snippet.h"

#include <utf8proc.h>

#include <cstddef>

namespace penstock::store {

namespace {

constexpr std::size_t kGraphemes = 64;
constexpr std::size_t kBytes = 4096;
constexpr utf8proc_int32_t kReplacement = 0xFFFD;

bool isSpace(utf8proc_int32_t point) {
  if (point == ' ' || (point >= 0x09 && point <= 0x0D) || point == 0x85) return true;
  if (point < 0x80) return false;
  const utf8proc_category_t category = utf8proc_category(point);
  return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

utf8proc_int32_t nextPoint(std::string_view text, std::size_t& position) {
  utf8proc_int32_t point = 0;
  const auto* start = reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + position;
  const utf8proc_ssize_t used = utf8proc_iterate(start, static_cast<utf8proc_ssize_t>(text.size() - position), &point);
  position += used > 0 ? static_cast<std::size_t>(used) : 1;
  return used > 0 ? point : kReplacement;
}

void append(std::string& text, utf8proc_int32_t point) {
  utf8proc_uint8_t bytes[4];
  const utf8proc_ssize_t used = utf8proc_encode_char(point, bytes);
  text.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(used));
}

}  // namespace

std::string snippet(std::string_view body) {
  std::string result;
  std::size_t complete = 0;  // bytes of `result` that end at a grapheme boundary
  std::size_t graphemes = 0;
  utf8proc_int32_t previous = 0;
  utf8proc_int32_t state = 0;
  bool gap = false;
  std::size_t position = 0;
  const auto take = [&](utf8proc_int32_t point) {
    if (result.empty() || utf8proc_grapheme_break_stateful(previous, point, &state)) {
      complete = result.size();
      if (++graphemes > kGraphemes) return false;
    }
    append(result, point);
    previous = point;
    return result.size() <= kBytes;
  };
  bool room = true;
  while (room && position < body.size()) {
    const utf8proc_int32_t point = nextPoint(body, position);
    if (isSpace(point)) {
      gap = !result.empty();
      continue;
    }
    room = (!gap || take(' ')) && take(point);
    gap = false;
  }
  if (!room) result.resize(complete);
  if (result.ends_with(' ')) result.pop_back();
  return result;
}

}  // namespace penstock::store
