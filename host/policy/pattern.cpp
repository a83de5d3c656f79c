#include "policy/pattern.h"

#include "policy/sandbox.h"

#include <algorithm>
#include <cstring>

namespace penstock {
namespace {

constexpr char kEscape = '%';

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isLower(char c) { return c >= 'a' && c <= 'z'; }
bool isUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool isLetter(char c) { return isLower(c) || isUpper(c); }
bool isGraphic(char c) { return c > ' ' && c < '\x7f'; }
char lower(char c) { return isUpper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

bool isHexadecimal(char c) { return isDigit(c) || (lower(c) >= 'a' && lower(c) <= 'f'); }

bool inClass(char c, char name) {
  bool in = false;
  switch (lower(name)) {
    case 'a':
      in = isLetter(c);
      break;
    case 'c':
      in = static_cast<unsigned char>(c) < 0x20 || c == '\x7f';
      break;
    case 'd':
      in = isDigit(c);
      break;
    case 'g':
      in = isGraphic(c);
      break;
    case 'l':
      in = isLower(c);
      break;
    case 'p':
      in = isGraphic(c) && !isLetter(c) && !isDigit(c);
      break;
    case 's':
      in = c == ' ' || (c >= '\t' && c <= '\r');
      break;
    case 'u':
      in = isUpper(c);
      break;
    case 'w':
      in = isLetter(c) || isDigit(c);
      break;
    case 'x':
      in = isHexadecimal(c);
      break;
    case 'z':
      in = c == '\0';
      break;
    default:
      return name == c;
  }
  return isUpper(name) ? !in : in;
}

/// Whether `c` is in the set from `p`, which stands on [, to `closing`, which stands on ].
bool inSet(char c, const char* p, const char* closing) {
  bool wanted = true;
  if (p[1] == '^') {
    wanted = false;
    ++p;
  }
  while (++p < closing) {
    if (*p == kEscape) {
      ++p;
      if (inClass(c, *p)) return wanted;
    } else if (p[1] == '-' && p + 2 < closing) {
      p += 2;
      const auto byte = static_cast<unsigned char>(c);
      if (static_cast<unsigned char>(p[-2]) <= byte && byte <= static_cast<unsigned char>(*p)) return wanted;
    } else if (*p == c) {
      return wanted;
    }
  }
  return !wanted;
}

}  // namespace

PatternMatch::PatternMatch(lua_State* lua, std::string_view subject, std::string_view pattern)
    : lua_(lua),
      subject_begin_(subject.data()),
      subject_end_(subject.data() + subject.size()),
      pattern_begin_(pattern.data()),
      pattern_end_(pattern.data() + pattern.size()) {}

bool PatternMatch::isPlain(std::string_view pattern) {
  return pattern.find_first_of("^$*+?.([%-") == std::string_view::npos;
}

void PatternMatch::charge() {
  const auto steps = static_cast<std::uint64_t>(steps_);
  steps_ = 0;
  Sandbox::of(lua_).fence().charge(lua_, steps);
}

const char* PatternMatch::matchAt(const char* start) {
  level_ = 0;
  depth_ = 0;
  return match(start, pattern_begin_);
}

const char* PatternMatch::match(const char* s, const char* p) {
  if (++depth_ > kDeepest) luaL_error(lua_, "pattern too complex");
  const char* end = matchFrom(s, p);
  --depth_;
  return end;
}

const char* PatternMatch::matchFrom(const char* s, const char* p) {
  for (;;) {
    work(1);
    if (p == pattern_end_) return s;
    if (*p == '(')
      return p + 1 < pattern_end_ && p[1] == ')' ? openCapture(s, p + 2, kPosition)
                                                 : openCapture(s, p + 1, kUnfinished);
    if (*p == ')') return closeCapture(s, p + 1);
    if (*p == '$' && p + 1 == pattern_end_) return s == subject_end_ ? s : nullptr;
    if (*p == kEscape && p + 1 < pattern_end_ && (p[1] == 'b' || p[1] == 'f' || isDigit(p[1]))) {
      s = matchSpecial(s, p);
      if (s == nullptr) return nullptr;
      continue;
    }
    const char* item_end = itemEnd(p);
    const char repeat = item_end == pattern_end_ ? '\0' : *item_end;
    if (repeat == '*') return matchLongest(s, p, item_end);
    if (repeat == '-') return matchShortest(s, p, item_end);
    const bool matches = matchesOne(s, p, item_end);
    if (repeat == '+') return matches ? matchLongest(s + 1, p, item_end) : nullptr;
    if (repeat == '?') {
      if (matches) {
        if (const char* end = match(s + 1, item_end + 1)) return end;
      }
      p = item_end + 1;
      continue;
    }
    if (!matches) return nullptr;
    ++s;
    p = item_end;
  }
}

const char* PatternMatch::matchSpecial(const char* s, const char*& p) {
  const char kind = p[1];
  p += 2;
  if (kind == 'f') return matchFrontier(s, p);
  if (kind != 'b') return matchBackReference(s, kind);
  if (pattern_end_ - p < 2) luaL_error(lua_, "malformed pattern (missing arguments to '%%b')");
  s = matchBalanced(s, p);
  p += 2;
  return s;
}

const char* PatternMatch::matchLongest(const char* s, const char* p, const char* item_end) {
  std::ptrdiff_t count = 0;
  while (matchesOne(s + count, p, item_end)) ++count;
  for (; count >= 0; --count) {
    if (const char* end = match(s + count, item_end + 1)) return end;
  }
  return nullptr;
}

const char* PatternMatch::matchShortest(const char* s, const char* p, const char* item_end) {
  for (;;) {
    if (const char* end = match(s, item_end + 1)) return end;
    if (!matchesOne(s, p, item_end)) return nullptr;
    ++s;
  }
}

const char* PatternMatch::matchBalanced(const char* s, const char* p) {
  if (s == subject_end_ || *s != p[0]) return nullptr;
  std::ptrdiff_t open = 1;
  while (++s < subject_end_) {
    work(1);
    if (*s == p[1]) {
      if (--open == 0) return s + 1;
    } else if (*s == p[0]) {
      ++open;
    }
  }
  return nullptr;
}

const char* PatternMatch::matchFrontier(const char* s, const char*& p) {
  if (p == pattern_end_ || *p != '[') luaL_error(lua_, "missing '[' after '%%f' in pattern");
  const char* set = p;
  p = itemEnd(p);
  const char before = s == subject_begin_ ? '\0' : s[-1];
  const char after = s == subject_end_ ? '\0' : *s;
  return !inSet(before, set, p - 1) && inSet(after, set, p - 1) ? s : nullptr;
}

const char* PatternMatch::matchBackReference(const char* s, char digit) {
  const int number = digit - '1';
  if (number < 0 || number >= level_ || captures_[static_cast<std::size_t>(number)].size == kUnfinished)
    luaL_error(lua_, "invalid capture index in pattern");
  const Capture& capture = captures_[static_cast<std::size_t>(number)];
  const std::ptrdiff_t size = std::max<std::ptrdiff_t>(capture.size, 0);
  if (subject_end_ - s < size) return nullptr;
  work(size / 16);
  return std::memcmp(capture.start, s, static_cast<std::size_t>(size)) == 0 ? s + size : nullptr;
}

const char* PatternMatch::openCapture(const char* s, const char* p, std::ptrdiff_t kind) {
  if (level_ >= kMostCaptures) luaL_error(lua_, "too many captures");
  captures_[static_cast<std::size_t>(level_)] = {s, kind};
  ++level_;
  const char* end = match(s, p);
  if (end == nullptr) --level_;
  return end;
}

const char* PatternMatch::closeCapture(const char* s, const char* p) {
  int open = level_ - 1;
  while (open >= 0 && captures_[static_cast<std::size_t>(open)].size != kUnfinished) --open;
  if (open < 0) luaL_error(lua_, "invalid pattern capture");
  Capture& capture = captures_[static_cast<std::size_t>(open)];
  capture.size = s - capture.start;
  const char* end = match(s, p);
  if (end == nullptr) capture.size = kUnfinished;
  return end;
}

const char* PatternMatch::itemEnd(const char* p) {
  const char first = *p++;
  if (first == kEscape) {
    if (p == pattern_end_) luaL_error(lua_, "malformed pattern (ends with '%%')");
    return p + 1;
  }
  if (first != '[') return p;
  const char* set = p;
  if (p < pattern_end_ && *p == '^') ++p;
  do {
    if (p == pattern_end_) luaL_error(lua_, "malformed pattern (missing ']')");
    if (*p++ == kEscape) {
      if (p == pattern_end_) luaL_error(lua_, "malformed pattern (missing ']')");
      ++p;
    }
  } while (p == pattern_end_ || *p != ']');
  work(p - set);
  return p + 1;
}

bool PatternMatch::matchesOne(const char* s, const char* p, const char* item_end) {
  work(1);
  if (s == subject_end_) return false;
  switch (*p) {
    case '.':
      return true;
    case kEscape:
      return inClass(*s, p[1]);
    case '[':
      work(item_end - p);
      return inSet(*s, p, item_end - 1);
    default:
      return *p == *s;
  }
}

int PatternMatch::pushCaptures(const char* start, const char* end) {
  const int count = level_ == 0 && start != nullptr ? 1 : level_;
  luaL_checkstack(lua_, count, "too many captures");
  for (int i = 0; i < count; ++i) pushCapture(i, start, end);
  return count;
}

void PatternMatch::pushCapture(int number, const char* start, const char* end) {
  if (number >= level_) {
    if (number != 0) luaL_error(lua_, "invalid capture index");
    lua_pushlstring(lua_, start, static_cast<std::size_t>(end - start));
    return;
  }
  const Capture& capture = captures_[static_cast<std::size_t>(number)];
  if (capture.size == kUnfinished) luaL_error(lua_, "unfinished capture");
  if (capture.size == kPosition)
    lua_pushinteger(lua_, capture.start - subject_begin_ + 1);
  else
    lua_pushlstring(lua_, capture.start, static_cast<std::size_t>(capture.size));
}

}  // namespace penstock
