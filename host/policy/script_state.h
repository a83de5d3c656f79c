#pragma once

#include "penstock/providers.h"
#include "policy/metrics.h"
#include "policy/sandbox.h"
#include "policy/script_set.h"

#include <array>
#include <map>
#include <memory>
#include <vector>

namespace penstock {

/// A script call that failed.
struct ScriptFailure {
  ScriptName script = ScriptName::Validate;
  ScriptError error;
  std::string file;  ///< the script's, within the folder
};

/// The functions that a provider's script may have.
enum class ProviderCall : std::uint8_t { Request, Outcome, Lookup, Found, Verify, Inbound };

inline constexpr std::array kProviderCalls{ProviderCall::Request, ProviderCall::Outcome, ProviderCall::Lookup,
                                           ProviderCall::Found,   ProviderCall::Verify,  ProviderCall::Inbound};

constexpr std::string_view word(ProviderCall call) {
  constexpr std::array<std::string_view, kProviderCalls.size()> kWords{"request", "outcome", "lookup",
                                                                       "found",   "verify",  "inbound"};
  return kWords[static_cast<std::size_t>(call)];
}

/// A provider's script, loaded.
class ProviderScript {
public:
  const ProviderTraits& traits() const { return traits_; }
  bool has(ProviderCall call) const { return functions_[static_cast<std::size_t>(call)] != LUA_NOREF; }

private:
  friend class ScriptState;
  ProviderTraits traits_;
  std::array<int, kProviderCalls.size()> functions_{};
  int settings_ = LUA_NOREF;
};

/// A sandbox with the scripts of the policy and of the providers loaded. One thread.
class ScriptState {
public:
  /// Compiles all scripts and takes the function, or the table of functions, that each returns. [throws: PolicyFault,
  /// all faults at once]
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
  /// Pushes a function of a provider's script, which must have it; push its arguments after it.
  void begin(lua_State* lua, const ProviderScript& provider, ProviderCall call);
  /// Pushes the settings the script is told.
  void pushSettings(lua_State* lua);
  /// Calls what begin pushed and leaves its answers on top.
  void finish(lua_State* lua, int arguments, int answers = 1);

  /// The configured provider of this name, or nullptr.
  const ProviderScript* provider(std::string_view name) const;
  std::vector<ProviderTraits> providers() const;
  /// The script in turn answered something it must not: ends the body.
  [[noreturn]] void refuseAnswer(lua_State* lua, const char* sentence) { sandbox_.refuseAnswer(lua, sentence); }

  /// A call went over its memory or deadline: the state must not be used again.
  bool spoiled() const { return spoiled_; }

  const ScriptSet& scripts() const { return *scripts_; }
  const PolicyMetrics& metrics() const { return metrics_; }
  std::vector<std::string> takeLines() { return sandbox_.takeLines(); }

private:
  std::optional<ScriptFailure> runProtected(lua_CFunction body, void* argument);
  void evaluate(lua_State* lua, const std::string& text);
  void load(lua_State* lua, ScriptName script);
  void loadProvider(lua_State* lua, const std::string& name);
  void takeFunctions(lua_State* lua, ProviderScript& provider);
  void takeLimits(lua_State* lua, ProviderScript& provider);
  void pushDeclaration(lua_State* lua, const char* name, const ProviderScript& provider);
  void makeSettings(lua_State* lua);
  int providerSettings(lua_State* lua, const std::string& name);
  bool declares(lua_State* lua, const char* name, const ProviderScript& provider);
  std::string currentFile() const;

  std::shared_ptr<const ScriptSet> scripts_;
  const PolicyMetrics& metrics_;
  Sandbox sandbox_;
  std::array<int, kScripts.size()> functions_{};
  int settings_ = LUA_NOREF;
  int retry_settings_ = LUA_NOREF;
  int route_settings_ = LUA_NOREF;
  std::map<std::string, ProviderScript, std::less<>> providers_;
  ScriptName current_ = ScriptName::Validate;
  Duration deadline_{};  ///< of the call that begins
  const ProviderScript* current_provider_ = nullptr;
  std::uint32_t runs_ = 0;
  bool measured_ = false;
  bool spoiled_ = false;
};

}  // namespace penstock
