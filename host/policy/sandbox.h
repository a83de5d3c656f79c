#pragma once

#include "penstock/clock.h"
#include "policy/fence.h"
#include "policy/script_name.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock {

/// Why and where a protected call failed. Nothing in it comes from a message: errors that a script words itself are
/// left out.
struct ScriptError {
  FailureReason reason = FailureReason::Error;
  std::string position;  ///< file:line, or empty
  std::string cause;     ///< Lua's or a host function's words, or empty
};

/// A Lua state behind a fence, with the functions that scripts may use and no others. One thread.
class Sandbox {
public:
  /// [throws: std::bad_alloc]
  Sandbox(std::uint64_t memory, Clock& clock);

  static Sandbox& of(lua_State* lua) { return **static_cast<Sandbox**>(lua_getextraspace(lua)); }

  /// Calls `body(lua, argument)` on an empty stack. Nothing when it came to its end; whatever it raised otherwise. A
  /// C++ exception that leaves `body` counts as an error.
  std::optional<ScriptError> run(lua_CFunction body, void* argument) noexcept;

  /// In a body: the script answered something it must not. Raises.
  [[noreturn]] void refuseAnswer(lua_State* lua, const char* sentence);

  /// The error about to be raised is worded by the script.
  void wordedByScript(bool worded) { worded_by_script_ = worded; }

  /// Keeps a text that a script wants logged, until takeLines(); a few short ones a call.
  void keepLine(std::string_view text);
  std::vector<std::string> takeLines() { return std::exchange(lines_, {}); }

  Fence& fence() { return fence_; }
  Clock& clock() { return clock_; }

private:
  static constexpr std::size_t kMostLines = 4;
  static constexpr std::size_t kLongestLine = 512;
  static constexpr std::size_t kLongestCause = 200;

  static int describe(lua_State* lua);
  void describeTop(lua_State* lua);

  struct Close {
    void operator()(lua_State* lua) const { lua_close(lua); }
  };

  Fence fence_;
  Clock& clock_;
  ScriptError error_;
  bool worded_by_script_ = false;
  std::vector<std::string> lines_;
  std::unique_ptr<lua_State, Close> lua_;
};

}  // namespace penstock
