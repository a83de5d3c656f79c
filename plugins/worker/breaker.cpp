#include "worker/breaker.h"

#include <algorithm>

namespace penstock {

namespace {

constexpr Duration kProbeWait = std::chrono::milliseconds(500);  // until the probe may have come back

}  // namespace

std::string_view word(BreakerState state) {
  switch (state) {
    case BreakerState::Closed:
      return "closed";
    case BreakerState::HalfOpen:
      return "half_open";
    case BreakerState::Open:
      break;
  }
  return "open";
}

std::optional<Duration> Breaker::admit(SteadyTime now) {
  if (state_ == BreakerState::Closed) return std::nullopt;
  if (state_ == BreakerState::Open && now < until_) return std::chrono::ceil<Duration>(until_ - now);
  state_ = BreakerState::HalfOpen;
  if (probing_) return kProbeWait;
  probing_ = true;
  return std::nullopt;
}

void Breaker::succeeded() {
  state_ = BreakerState::Closed;
  failures_ = 0;
  probing_ = false;
}

void Breaker::failed(SteadyTime now) {
  probing_ = false;
  failures_ = std::min(failures_ + 1, most_);
  // Those that were on their way when it opened prolong nothing.
  if (state_ == BreakerState::Open || failures_ < most_) return;
  state_ = BreakerState::Open;
  until_ = now + rest_;
}

void Breaker::abandoned() { probing_ = false; }

}  // namespace penstock
