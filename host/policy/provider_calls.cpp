#include "policy/policy_host.h"
#include "policy/provider_answers.h"
#include "policy/provider_tables.h"
#include "policy/webhook_answers.h"

namespace penstock {
namespace {

constexpr std::size_t kLongestRoute = 64;

SendVerdict notSent(std::string_view reason, bool retryable) {
  SendVerdict verdict;
  verdict.outcome = AttemptOutcome::NotSent;
  verdict.reason = reason;
  verdict.retryable = retryable;
  return verdict;
}

SendVerdict unknown(std::string_view reason) {
  SendVerdict verdict;
  verdict.reason = reason;
  return verdict;
}

constexpr std::string_view kNoProvider = "no such provider";
constexpr std::string_view kFailed = "the provider's script failed";

}  // namespace

Routing PolicyHost::route(const Event& event) {
  Routing routing;
  ScriptState* state = threadState();
  if (state == nullptr) return routing;
  const auto failure = state->run([&](lua_State* lua) {
    state->begin(lua, ScriptName::Route);
    pushMessage(lua, event, 0);
    state->pushSettings(lua);
    state->finish(lua, 2);
    if (lua_isnil(lua, -1)) return;
    std::size_t size = 0;
    const char* name = lua_type(lua, -1) == LUA_TSTRING ? lua_tolstring(lua, -1, &size) : nullptr;
    if (name == nullptr || size > kLongestRoute) state->refuseAnswer(lua, "must answer nil or a provider's name");
    if (state->provider({name, size}) == nullptr) state->refuseAnswer(lua, "named a provider that is not configured");
    routing.provider.assign(name, size);
  });
  finishCall(*state, failure, event.request_id);
  if (failure) return {};
  routing.verdict = routing.provider.empty() ? Routing::Verdict::NoRoute : Routing::Verdict::Routed;
  return routing;
}

std::vector<ProviderTraits> PolicyHost::list() {
  std::uint64_t epoch = 0;
  return current(epoch)->traits;
}

std::optional<ProviderTraits> PolicyHost::traits(std::string_view provider) {
  std::uint64_t epoch = 0;
  const auto scripts = current(epoch);
  for (const ProviderTraits& one : scripts->traits)
    if (one.name == provider) return one;
  return std::nullopt;
}

SendStep PolicyHost::request(std::string_view provider, const Event& event, std::uint32_t attempt) {
  return ask(provider, ProviderCall::Request, event, attempt);
}

SendStep PolicyHost::lookup(std::string_view provider, const Event& event) {
  return ask(provider, ProviderCall::Lookup, event, 0);
}

SendStep PolicyHost::ask(std::string_view provider, ProviderCall call, const Event& event, std::uint32_t attempt) {
  // A question that could not be asked decides nothing about the send before it.
  const bool sends = call == ProviderCall::Request;
  const auto failed = [&] { return sends ? notSent(kFailed, true) : unknown(kFailed); };
  ScriptState* state = threadState();
  if (state == nullptr) return failed();
  const ProviderScript* script = state->provider(provider);
  if (script == nullptr || !script->has(call)) return sends ? notSent(kNoProvider, false) : unknown(kNoProvider);
  SendStep step;
  const auto failure = state->run([&](lua_State* lua) {
    state->begin(lua, *script, call);
    pushMessage(lua, event, attempt);
    state->pushSettings(lua);
    state->finish(lua, 2, 2);
    if (lua_isnil(lua, -2)) {
      step = takeVerdict(lua, *state);
    } else {
      lua_pop(lua, 1);
      step = takeRequest(lua, *state);
    }
  });
  finishCall(*state, failure, event.request_id);
  if (failure) return failed();
  if (auto* verdict = std::get_if<SendVerdict>(&step)) verdict->reason = redact(verdict->reason);
  return step;
}

SendVerdict PolicyHost::conclude(std::string_view provider, const Event& event, const OutboundResponse& answer,
                                 bool of_lookup) {
  SendVerdict verdict = unknown(kFailed);
  ScriptState* state = threadState();
  const ProviderScript* script = state == nullptr ? nullptr : state->provider(provider);
  const ProviderCall call = of_lookup ? ProviderCall::Found : ProviderCall::Outcome;
  if (script != nullptr && script->has(call)) {
    SendVerdict said;
    const auto failure = state->run([&](lua_State* lua) {
      state->begin(lua, *script, call);
      pushResponse(lua, answer);
      state->pushSettings(lua);
      state->finish(lua, 2);
      said = takeVerdict(lua, *state);
    });
    finishCall(*state, failure, event.request_id);
    if (!failure) {
      verdict = std::move(said);
      verdict.reason = redact(verdict.reason);
    }
  } else if (state != nullptr) {
    verdict = unknown(kNoProvider);
  }
  if (verdict.http_status == 0) verdict.http_status = static_cast<int>(answer.status);
  return verdict;
}

WebhookReading PolicyHost::read(std::string_view provider, const WebhookRequest& request) {
  using Verdict = WebhookReading::Verdict;
  WebhookReading reading;
  ScriptState* state = threadState();
  if (state == nullptr) return reading;
  const ProviderScript* script = state->provider(provider);
  if (script == nullptr || !script->traits().receives) {
    reading.verdict = Verdict::NoReceiver;
    return reading;
  }
  const auto failure = state->run([&](lua_State* lua) {
    const auto ask = [&](ProviderCall call) {
      state->begin(lua, *script, call);
      pushWebhook(lua, request);
      state->pushSettings(lua);
      state->finish(lua, 2);
    };
    ask(ProviderCall::Verify);
    if (!lua_isboolean(lua, -1)) state->refuseAnswer(lua, "verify must answer true or false");
    const bool genuine = lua_toboolean(lua, -1) != 0;
    lua_settop(lua, 0);
    reading.verdict = genuine ? Verdict::Read : Verdict::Forged;
    if (!genuine) return;
    ask(ProviderCall::Inbound);
    takeReading(lua, *state, reading);
  });
  finishCall(*state, failure, request.request_id);
  if (failure) return {};
  return reading;
}

std::optional<boost::json::object> PolicyHost::settings(std::string_view provider) {
  std::uint64_t epoch = 0;
  return current(epoch)->told(provider);
}

void PolicyHost::adjust(std::string_view provider, const boost::json::object& values) {
  std::lock_guard one_at_a_time(reloading_);
  std::uint64_t epoch = 0;
  const auto present = current(epoch);
  const auto put_before = present->adjusted.find(provider);
  if (put_before != present->adjusted.end() && put_before->second == values) return;
  auto scripts = std::make_shared<ScriptSet>(*present);
  scripts->adjusted.insert_or_assign(std::string(provider), values);
  try {
    put(checked(std::move(scripts)));
  } catch (const PolicyFault& fault) {
    log_.error("policy.adjustment_refused", "a provider's settings were refused, the old ones stay",
               {{"provider", provider}, {"cause", fault.what()}});
  }
}

void PolicyHost::finishCall(ScriptState& state, const std::optional<ScriptFailure>& failure,
                            std::string_view request_id) {
  if (failure) report(*failure, request_id);
  writeLines(state, request_id);
}

}  // namespace penstock
