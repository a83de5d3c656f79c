#include "policy/script_state.h"

#include "policy/environment.h"
#include "policy/lua_json.h"

#include <algorithm>

namespace penstock {
namespace {

constexpr Duration kLoadDeadline = std::chrono::milliseconds(100);
constexpr std::uint32_t kRunsPerMeasurement = 16;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

void setField(lua_State* lua, const char* name, lua_Integer value) {
  lua_pushinteger(lua, value);
  lua_setfield(lua, -2, name);
}

void setField(lua_State* lua, const char* name, double value) {
  lua_pushnumber(lua, value);
  lua_setfield(lua, -2, name);
}

void setField(lua_State* lua, const char* name, const std::string& text) {
  if (text.empty()) return;
  lua_pushlstring(lua, text.data(), text.size());
  lua_setfield(lua, -2, name);
}

/// What is wrong with a script that did not load.
std::string sentence(const ScriptSet& scripts, const ScriptFailure& failure) {
  const std::string& file = failure.file;
  std::string at = failure.error.position.empty() ? file : failure.error.position;
  std::string cause = failure.error.cause;
  // The parser's own words begin with file and line.
  if (cause.starts_with(file + ":")) at.clear();
  if (failure.error.reason == FailureReason::Deadline) cause = "took too long to load";
  if (failure.error.reason == FailureReason::Memory) cause = "wanted more memory than policy.memory";
  if (cause.empty()) cause = "raised an error while loading";
  return (scripts.folder / (at.empty() ? cause : at + ": " + cause)).string();
}

}  // namespace

ScriptState::ScriptState(std::shared_ptr<const ScriptSet> scripts, Clock& clock, const PolicyMetrics& metrics)
    : scripts_(std::move(scripts)), metrics_(metrics), sandbox_(scripts_->settings.memory, clock) {
  deadline_ = scripts_->settings.deadline;
  std::string faults;
  const auto note = [&](const std::optional<ScriptFailure>& failure) {
    if (failure) faults.append(faults.empty() ? "" : "\n").append(sentence(*scripts_, *failure));
  };
  for (const ScriptName script : kScripts) {
    current_ = script;
    note(run([&](lua_State* lua) { load(lua, script); }));
  }
  for (const auto& [name, text] : scripts_->providers) {
    note(run([&, &provider = name](lua_State* lua) { loadProvider(lua, provider); }));
  }
  if (!faults.empty()) throw PolicyFault(faults);
  if (run([&](lua_State* lua) { makeSettings(lua); })) throw PolicyFault("policy.memory is too small");
}

void ScriptState::evaluate(lua_State* lua, const std::string& text) {
  const std::string name = "@" + currentFile();
  sandbox_.fence().start(kLoadDeadline);
  if (luaL_loadbufferx(lua, text.data(), text.size(), name.c_str(), "t") != LUA_OK) lua_error(lua);
  pushEnvironment(lua);
  lua_setupvalue(lua, -2, 1);
  lua_call(lua, 0, 1);
  sandbox_.fence().pause();
}

void ScriptState::load(lua_State* lua, ScriptName script) {
  evaluate(lua, scripts_->texts[index(script)]);
  if (!lua_isfunction(lua, -1)) luaL_error(lua, "must return one function, but returned a %s", luaL_typename(lua, -1));
  functions_[index(script)] = luaL_ref(lua, LUA_REGISTRYINDEX);
}

void ScriptState::makeSettings(lua_State* lua) {
  const PolicySettings& settings = scripts_->settings;
  lua_newtable(lua);
  setField(lua, "max_attachments", static_cast<lua_Integer>(settings.max_attachments));
  setField(lua, "max_characters_sms", static_cast<lua_Integer>(settings.max_characters_sms));
  setField(lua, "max_characters_email", static_cast<lua_Integer>(settings.max_characters_email));
  makeReadOnly(lua);
  settings_ = luaL_ref(lua, LUA_REGISTRYINDEX);
  lua_newtable(lua);
  setField(lua, "max_attempts", static_cast<lua_Integer>(settings.retry.max_attempts));
  setField(lua, "max_age", seconds(settings.retry.max_age));
  setField(lua, "backoff_min", seconds(settings.retry.backoff_min));
  setField(lua, "backoff_max", seconds(settings.retry.backoff_max));
  makeReadOnly(lua);
  retry_settings_ = luaL_ref(lua, LUA_REGISTRYINDEX);
  lua_newtable(lua);
  setField(lua, "sms", settings.routes.sms);
  setField(lua, "mms", settings.routes.mms);
  setField(lua, "email", settings.routes.email);
  makeReadOnly(lua);
  route_settings_ = luaL_ref(lua, LUA_REGISTRYINDEX);
}

void ScriptState::begin(lua_State* lua, ScriptName script) {
  current_ = script;
  deadline_ = scripts_->settings.deadline;
  lua_rawgeti(lua, LUA_REGISTRYINDEX, functions_[index(script)]);
}

void ScriptState::begin(lua_State* lua, const ProviderScript& provider, ProviderCall call) {
  current_ = ScriptName::Provider;
  current_provider_ = &provider;
  const PolicySettings& settings = scripts_->settings;
  deadline_ = call == ProviderCall::Inbound ? settings.inbound_deadline : settings.deadline;
  lua_rawgeti(lua, LUA_REGISTRYINDEX, provider.functions_[static_cast<std::size_t>(call)]);
}

void ScriptState::pushSettings(lua_State* lua) {
  int settings = settings_;
  if (current_ == ScriptName::Retry) settings = retry_settings_;
  if (current_ == ScriptName::Route) settings = route_settings_;
  if (current_ == ScriptName::Provider) settings = current_provider_->settings_;
  lua_rawgeti(lua, LUA_REGISTRYINDEX, settings);
}

void ScriptState::finish(lua_State* lua, int arguments, int answers) {
  const auto started = measured_ ? std::chrono::steady_clock::now() : SteadyTime{};
  sandbox_.fence().start(deadline_);
  lua_call(lua, arguments, answers);
  sandbox_.fence().pause();
  if (!measured_) return;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  metrics_.seconds(current_).observe(took.count());
}

const ProviderScript* ScriptState::provider(std::string_view name) const {
  const auto found = providers_.find(name);
  return found == providers_.end() ? nullptr : &found->second;
}

std::vector<ProviderTraits> ScriptState::providers() const {
  std::vector<ProviderTraits> traits;
  for (const auto& [name, provider] : providers_) traits.push_back(provider.traits());
  return traits;
}

std::string ScriptState::currentFile() const {
  if (current_ != ScriptName::Provider) return std::string(word(current_)) + ".lua";
  return (std::filesystem::path(kProviderFolder) / (current_provider_->traits().name + ".lua")).string();
}

std::optional<ScriptFailure> ScriptState::runProtected(lua_CFunction body, void* argument) {
  measured_ = runs_++ % kRunsPerMeasurement == 0;
  auto error = sandbox_.run(body, argument);
  sandbox_.fence().pause();
  if (!error) return std::nullopt;
  spoiled_ = error->reason == FailureReason::Deadline || error->reason == FailureReason::Memory;
  return ScriptFailure{current_, std::move(*error), currentFile()};
}

}  // namespace penstock
