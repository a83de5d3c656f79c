#pragma once

#include <lua.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace penstock {

/// Matches Lua 5.4 patterns (https://www.lua.org/manual/5.4/manual.html#6.4.1) as the stock library does, but charges
/// its steps to the fence: a hostile pattern costs its call and no more. Character classes are those of ASCII.
/// Malformed patterns raise. One use in one Lua call; subject and pattern must stay on the Lua stack.
class PatternMatch {
public:
  /// `pattern` without a leading anchor.
  PatternMatch(lua_State* lua, std::string_view subject, std::string_view pattern);

  /// The end of a match that starts at `start`, or null. Captures are those of this match.
  const char* matchAt(const char* start);

  int captures() const { return level_; }

  /// Pushes all captures; the whole match when there is none and `start` is not null. Returns how many.
  int pushCaptures(const char* start, const char* end);

  /// Pushes capture `number` (from 0), or the whole match for 0 when there is none.
  void pushCapture(int number, const char* start, const char* end);

  /// Whether a text means only itself as a pattern.
  static bool isPlain(std::string_view pattern);

private:
  static constexpr int kMostCaptures = 32;
  static constexpr int kDeepest = 200;
  static constexpr std::ptrdiff_t kUnfinished = -1;
  static constexpr std::ptrdiff_t kPosition = -2;

  struct Capture {
    const char* start;
    std::ptrdiff_t size;
  };

  void work(std::ptrdiff_t steps) {
    steps_ += steps;
    if (steps_ >= kStepsAtOnce) charge();
  }
  void charge();
  const char* match(const char* s, const char* p);
  const char* matchFrom(const char* s, const char* p);
  const char* matchSpecial(const char* s, const char*& p);
  const char* matchLongest(const char* s, const char* p, const char* item_end);
  const char* matchShortest(const char* s, const char* p, const char* item_end);
  const char* matchBalanced(const char* s, const char* p);
  const char* matchFrontier(const char* s, const char*& p);
  const char* matchBackReference(const char* s, char digit);
  const char* openCapture(const char* s, const char* p, std::ptrdiff_t kind);
  const char* closeCapture(const char* s, const char* p);
  const char* itemEnd(const char* p);
  bool matchesOne(const char* s, const char* p, const char* item_end);

  static constexpr std::ptrdiff_t kStepsAtOnce = 1024;

  lua_State* lua_;
  const char* subject_begin_;
  const char* subject_end_;
  const char* pattern_begin_;
  const char* pattern_end_;
  std::ptrdiff_t steps_ = 0;
  int depth_ = 0;
  int level_ = 0;
  std::array<Capture, kMostCaptures> captures_;
};

}  // namespace penstock
