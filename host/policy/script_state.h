#pragma once

#include "policy/metrics.h"
#include "policy/sandbox.h"
#include "policy/script_set.h"

#include <memory>

namespace penstock {

/// A script call that failed.
struct ScriptFailure {
  ScriptName script = ScriptName::Validate;
  ScriptError error;
};

/// A sandbox with the policy's scripts loaded. One thread.
class ScriptState {
public:
  /// Compiles all scripts and takes the function each returns. [throws: PolicyFault, all faults at once]
  ScriptState(std::shared_ptr<const ScriptSet> scripts, Clock& clock, const PolicyMetrics& metrics);

  /// Runs `body(lua)` protected on an empty stack; inside it scripts are called with begin and finish. Whatever a
  /// script raises ends the body and comes back as a failure.
  template <typename Body>
  std::optional<ScriptFailure> run(Body body) {
    return runProtected(
        [](lua_State* lua) {
          (*static_cast<Body*>(lua_touserdata(lua, 1)))(lua);
          return 0;
        },
        &body);
  }

  /// Pushes the script's function; push its arguments after it.
  void begin(lua_State* lua, ScriptName script);
  /// Pushes the settings the script is told.
  void pushSettings(lua_State* lua);
  /// Calls what begin pushed and leaves its one answer on top.
  void finish(lua_State* lua, int arguments);
  /// The script in turn answered something it must not: ends the body.
  [[noreturn]] void refuseAnswer(lua_State* lua, const char* sentence) { sandbox_.refuseAnswer(lua, sentence); }

  /// A call went over its memory or deadline: the state must not be used again.
  bool spoiled() const { return spoiled_; }

  const ScriptSet& scripts() const { return *scripts_; }
  std::vector<std::string> takeLines() { return sandbox_.takeLines(); }

private:
  std::optional<ScriptFailure> runProtected(lua_CFunction body, void* argument);
  void load(lua_State* lua, ScriptName script);
  void makeSettings(lua_State* lua);

  std::shared_ptr<const ScriptSet> scripts_;
  const PolicyMetrics& metrics_;
  Sandbox sandbox_;
  std::array<int, kScripts.size()> functions_{};
  int settings_ = LUA_NOREF;
  int retry_settings_ = LUA_NOREF;
  ScriptName current_ = ScriptName::Validate;
  std::uint32_t runs_ = 0;
  bool measured_ = false;
  bool spoiled_ = false;
};

}  // namespace penstock
