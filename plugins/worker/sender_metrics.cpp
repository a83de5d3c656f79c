#include "worker/sender_metrics.h"

namespace penstock {

ProviderSeries::ProviderSeries(Metrics& metrics, const std::string& provider)
    : sends{},
      seconds(metrics.histogram(kSendSeconds, {{"provider", provider}})),
      breaker(metrics.gauge(kBreakerState, {{"provider", provider}})),
      turns{} {
  for (const auto state : {BreakerState::Closed, BreakerState::HalfOpen, BreakerState::Open})
    turns.at(static_cast<std::size_t>(state)) =
        &metrics.counter(kBreakerTransitions, {{"provider", provider}, {"state", word(state)}});
  for (const auto outcome : {AttemptOutcome::Sent, AttemptOutcome::NotSent, AttemptOutcome::Unknown})
    sends.at(static_cast<std::size_t>(outcome)) =
        &metrics.counter(kSends, {{"provider", provider}, {"outcome", word(outcome)}});
}

void ProviderSeries::turned(BreakerState state) {
  turns.at(static_cast<std::size_t>(state))->add();
  breaker.set(state == BreakerState::Open ? 1 : state == BreakerState::HalfOpen ? 0.5 : 0);
}

SenderMetrics::SenderMetrics(Metrics& metrics)
    : retries(metrics.counter(kSendRetries)),
      refused(metrics.counter(kSendRefused)),
      in_flight(metrics.gauge(kSending)),
      registry_(metrics) {
  for (const std::string_view cause : kWaitCauses)
    waits_[std::string(cause)] = &metrics.counter(kSendWaits, {{"cause", cause}});
}

ProviderSeries& SenderMetrics::of(const std::string& provider) {
  std::lock_guard guard(mutex_);
  const auto found = providers_.find(provider);
  if (found != providers_.end()) return found->second;
  return providers_.try_emplace(provider, registry_, provider).first->second;
}

Counter& SenderMetrics::waits(std::string_view cause) { return *waits_.find(cause)->second; }

}  // namespace penstock
