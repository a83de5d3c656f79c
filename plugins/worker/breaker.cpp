#include "worker/breaker.h"

#include <algorithm>

namespace penstock {

namespace {

constexpr Duration kProbeWait = std::chrono::milliseconds(500);  // until the probe may have come back
constexpr std::uint32_t kAtOnce = 100;                           // may come back at the same time
constexpr Duration kBetween = std::chrono::milliseconds(500);    // those and the next
constexpr Duration kSpread = std::chrono::minutes(1);            // over which all of them come, however many they are

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
  if (state_ == BreakerState::Open && now < until_) return turnAway(until_, now);
  state_ = BreakerState::HalfOpen;
  if (probing_) return turnAway(now + kProbeWait, now);
  probing_ = true;
  return std::nullopt;
}

Duration Breaker::turnAway(SteadyTime soonest, SteadyTime now) {
  if (with_turn_ == kAtOnce) {
    turn_ += kBetween;
    with_turn_ = 0;
  }
  if (turn_ < soonest || turn_ >= soonest + kSpread) {
    turn_ = soonest;
    with_turn_ = 0;
  }
  ++with_turn_;
  return std::chrono::ceil<Duration>(turn_ - now);
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
