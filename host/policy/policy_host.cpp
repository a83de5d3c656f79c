#include "policy/policy_host.h"

#include "policy/admission.h"
#include "policy/answers.h"
#include "policy/backoff.h"

namespace penstock {
namespace {

constexpr std::string_view kDropped = "[text dropped]";
constexpr std::size_t kLongestRedacted = 64 << 10;

void setText(lua_State* lua, const char* name, std::string_view text) {
  lua_pushlstring(lua, text.data(), text.size());
  lua_setfield(lua, -2, name);
}

void setSeconds(lua_State* lua, const char* name, Duration duration) {
  lua_pushnumber(lua, std::chrono::duration<double>(duration).count());
  lua_setfield(lua, -2, name);
}

void pushAttempt(lua_State* lua, const RetryQuestion& question) {
  lua_createtable(lua, 0, 6);
  lua_pushinteger(lua, question.number);
  lua_setfield(lua, -2, "number");
  setSeconds(lua, "age", question.age);
  setText(lua, "outcome", question.outcome);
  lua_pushinteger(lua, question.status);
  lua_setfield(lua, -2, "status");
  if (question.retry_after) setSeconds(lua, "retry_after", *question.retry_after);
  setText(lua, "provider", question.provider);
}

}  // namespace

PolicyHost::PolicyHost(std::filesystem::path folder, const PolicySettings& settings, Metrics& metrics, Log log,
                       Clock& clock)
    : folder_(std::move(folder)), metrics_(metrics), log_(log), clock_(clock), failures_(log, clock) {
  scripts_ = load(settings);
  metrics_.last_reload.set(1);
  log_.information("policy.loaded", "policy scripts loaded", {{"policy", scripts_->hash.hex()}});
}

std::shared_ptr<const ScriptSet> PolicyHost::load(const PolicySettings& settings) {
  auto scripts = std::make_shared<ScriptSet>(readScripts(folder_, settings));
  if (scripts_) scripts->adjusted = scripts_->adjusted;
  return checked(std::move(scripts));
}

std::shared_ptr<const ScriptSet> PolicyHost::checked(std::shared_ptr<ScriptSet> scripts) {
  std::vector<ProviderTraits> traits = ScriptState(scripts, clock_, metrics_).providers();
  scripts->traits = std::move(traits);
  return scripts;
}

void PolicyHost::put(std::shared_ptr<const ScriptSet> scripts) {
  std::lock_guard guard(mutex_);
  scripts_ = std::move(scripts);
  ++epoch_;
}

void PolicyHost::reload(const PolicySettings& settings) {
  std::lock_guard one_at_a_time(reloading_);
  try {
    auto scripts = load(settings);
    const std::string hash = scripts->hash.hex();
    put(std::move(scripts));
    metrics_.reloads_taken.add();
    metrics_.last_reload.set(1);
    log_.notice("policy.reloaded", "policy scripts loaded again", {{"policy", hash}});
  } catch (const PolicyFault& fault) {
    metrics_.reloads_refused.add();
    metrics_.last_reload.set(0);
    log_.error("policy.reload_failed", "policy scripts refused, the old ones stay", {{"cause", fault.what()}});
    throw;
  }
}

std::shared_ptr<const ScriptSet> PolicyHost::current(std::uint64_t& epoch) const {
  std::lock_guard guard(mutex_);
  epoch = epoch_.load(std::memory_order_relaxed);
  return scripts_;
}

ScriptState* PolicyHost::threadState() {
  ThreadStates::Slot& slot = states_.slot();
  if (slot.state && slot.epoch == epoch_.load(std::memory_order_acquire) && !slot.state->spoiled())
    return slot.state.get();
  slot.state.reset();
  const auto scripts = current(slot.epoch);
  try {
    slot.state = std::make_unique<ScriptState>(scripts, clock_, metrics_);
  } catch (const std::exception& fault) {
    // They loaded once, so this is want of memory or a script that does not load every time.
    report({ScriptName::Validate, {FailureReason::Error, {}, "the scripts do not load"}, "validate.lua"}, {});
  }
  return slot.state.get();
}

Admission PolicyHost::admit(const Draft& draft) {
  ScriptState* state = threadState();
  if (state == nullptr) return {};
  std::optional<ScriptFailure> failure;
  Admission admission = penstock::admit(draft, *state, clock_.wall(), failure);
  if (failure) report(*failure, draft.request_id);
  writeLines(*state, draft.request_id);
  return admission;
}

std::optional<Duration> PolicyHost::retry(const RetryQuestion& question) {
  ScriptState* state = threadState();
  std::optional<Duration> wait;
  std::optional<ScriptFailure> failure;
  if (state != nullptr) {
    failure = state->run([&](lua_State* lua) {
      state->begin(lua, ScriptName::Retry);
      pushAttempt(lua, question);
      state->pushSettings(lua);
      state->finish(lua, 2);
      wait = takeWait(lua, *state);
    });
    if (failure) report(*failure, {});
    writeLines(*state, {});
    if (!failure) return wait;
  }
  std::uint64_t epoch = 0;
  return builtInBackoff(current(epoch)->settings.retry, question, drawChance());
}

std::string PolicyHost::redact(std::string_view text) {
  ScriptState* state = threadState();
  if (state == nullptr) return std::string(kDropped);
  auto redacted = redactWith(*state, text);
  state->takeLines();
  return redacted ? std::move(*redacted) : std::string(kDropped);
}

std::optional<std::string> PolicyHost::redactWith(ScriptState& state, std::string_view text) {
  if (text.empty()) return std::string();
  if (text.size() > kLongestRedacted) return std::nullopt;
  std::string redacted;
  const auto failure = state.run([&](lua_State* lua) {
    state.begin(lua, ScriptName::Redact);
    lua_pushlstring(lua, text.data(), text.size());
    state.finish(lua, 1);
    redacted = takeText(lua, state, 2 * kLongestRedacted, false);
  });
  if (!failure) return redacted;
  report(*failure, {});
  return std::nullopt;
}

// log() in a script only keeps the text, because redact.lua cannot run inside another script's call.
void PolicyHost::writeLines(ScriptState& state, std::string_view request_id) {
  for (const std::string& line : state.takeLines()) {
    const auto text = state.spoiled() ? std::nullopt : redactWith(state, line);
    failures_.said(text ? std::string_view(*text) : kDropped, request_id);
  }
}

void PolicyHost::report(const ScriptFailure& failure, std::string_view request_id) {
  metrics_.failures(failure.script, failure.error.reason).add();
  failures_.failed(failure, request_id);
}

Digest128 PolicyHost::hash() const {
  std::lock_guard guard(mutex_);
  return scripts_->hash;
}

}  // namespace penstock
