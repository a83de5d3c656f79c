#pragma once

#include "penstock/time.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace penstock {

enum class BreakerState : std::uint8_t { Closed, HalfOpen, Open };

std::string_view word(BreakerState state);

/// Keeps a provider that fails again and again from being asked: after so many failures in a row it is left alone for
/// a while, then one message is let through to see whether it is back. One thread at a time.
class Breaker {
public:
  Breaker(std::uint32_t failures, Duration rest) : most_(failures), rest_(rest) {}

  /// Nothing when a message may be sent; otherwise how long to wait. Those that wait are told times one after the
  /// other, so that they do not all come back at once. What was let through must be ended by one of the three below.
  std::optional<Duration> admit(SteadyTime now);

  void succeeded();
  void failed(SteadyTime now);
  /// What was let through has said nothing about the provider.
  void abandoned();

  BreakerState state() const { return state_; }

private:
  Duration turnAway(SteadyTime soonest, SteadyTime now);

  const std::uint32_t most_;
  const Duration rest_;
  BreakerState state_ = BreakerState::Closed;
  std::uint32_t failures_ = 0;
  bool probing_ = false;
  SteadyTime until_{};
  SteadyTime turn_{};            ///< given to those who were turned away last
  std::uint32_t with_turn_ = 0;  ///< how many have it
};

}  // namespace penstock
