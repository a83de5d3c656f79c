#include "worker/sender_metrics.h"

#include <bit>
#include <cstdint>

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

void Waiting::add(SteadyTime now, Duration delay) {
  const SteadyTime due = now + delay;
  const auto step =
      SteadyTime::duration(std::bit_floor(static_cast<std::uint64_t>(SteadyTime::duration(delay).count()) / 64));
  std::lock_guard guard(mutex_);
  ++due_[step.count() == 0 ? due : due - due.time_since_epoch() % step];
  ++waiting_;
}

std::size_t Waiting::count(SteadyTime now) {
  std::lock_guard guard(mutex_);
  while (!due_.empty() && due_.begin()->first <= now) {
    waiting_ -= due_.begin()->second;
    due_.erase(due_.begin());
  }
  return waiting_;
}

SenderMetrics::Cause::Cause(Metrics& metrics, std::string_view cause)
    : put_aside(metrics.counter(kSendWaits, {{"cause", cause}})), shown(metrics.gauge(kWaiting, {{"cause", cause}})) {}

SenderMetrics::SenderMetrics(Metrics& metrics, Clock& clock)
    : retries(metrics.counter(kSendRetries)),
      refused(metrics.counter(kSendRefused)),
      in_flight(metrics.gauge(kSending)),
      registry_(metrics),
      clock_(clock) {
  for (const std::string_view cause : kWaitCauses) causes_.try_emplace(std::string(cause), metrics, cause);
  collection_ = metrics.beforeExposition([this] {
    for (auto& [name, cause] : causes_) cause.shown.set(static_cast<double>(cause.waiting.count(clock_.now())));
  });
}

ProviderSeries& SenderMetrics::of(const std::string& provider) {
  std::lock_guard guard(mutex_);
  const auto found = providers_.find(provider);
  if (found != providers_.end()) return found->second;
  return providers_.try_emplace(provider, registry_, provider).first->second;
}

void SenderMetrics::putAside(std::string_view cause, Duration delay) {
  Cause& found = causes_.find(cause)->second;
  found.put_aside.add();
  if (delay > Duration::zero()) found.waiting.add(clock_.now(), delay);
}

}  // namespace penstock
