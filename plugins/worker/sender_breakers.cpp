#include "worker/sender.h"

#include <chrono>

namespace penstock {

/// Asks the provider's breaker.
std::optional<Duration> Sender::knock(Outgoing& message, SteadyTime now) {
  ProviderSeries& series = metrics_.of(message.provider.name);
  std::lock_guard guard(mutex_);
  Breaker& breaker = breakerOf(message.provider.name);
  const BreakerState before = breaker.state();
  if (const auto wait = breaker.admit(now)) return wait;
  if (breaker.state() != BreakerState::HalfOpen) return std::nullopt;
  if (before != BreakerState::HalfOpen) series.turned(BreakerState::HalfOpen);
  message.trial = Finally([this, provider = message.provider.name, trial = breaker.trial()] {
    std::lock_guard lock(mutex_);
    breakerOf(provider).abandoned(trial);
  });
  return std::nullopt;
}

Breaker& Sender::breakerOf(const std::string& provider) {
  return breakers_.try_emplace(provider, breaker_failures_, breaker_rest_).first->second;
}

void Sender::hear(Outgoing& message, const SendVerdict& verdict, Sign sign) {
  if (message.destination.empty() || sign == Sign::None) return;  // nobody was asked
  message.trial.forget();
  const std::string& provider = message.provider.name;
  ProviderSeries& series = metrics_.of(provider);
  BreakerState before{};
  BreakerState after{};
  {
    std::lock_guard guard(mutex_);
    Breaker& breaker = breakerOf(provider);
    before = breaker.state();
    if (sign == Sign::Fails)
      breaker.failed(clock_.now());
    else
      breaker.succeeded();
    after = breaker.state();
    if (after != before) series.turned(after);
  }
  if (after == before) return;
  if (after == BreakerState::Open) {
    log_.warning("worker.breaker_open", "the provider fails again and again and is left alone for a while",
                 {{"provider", provider}, {"reason", policy_.redact(verdict.reason)}});
  } else {
    log_.notice("worker.breaker_closed", "the provider works again", {{"provider", provider}});
  }
}

Health Sender::health() const {
  std::lock_guard guard(mutex_);
  std::string open;
  for (const auto& [name, breaker] : breakers_)
    if (breaker.state() != BreakerState::Closed) open += (open.empty() ? "" : ", ") + name;
  if (open.empty()) return {};
  return {HealthState::Degraded, "providers that fail are left alone: " + open};
}

}  // namespace penstock
