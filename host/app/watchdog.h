#pragma once

#include "penstock/clock.h"

#include <string>
#include <utility>
#include <vector>

namespace penstock {

/// Decides when the service manager's watchdog is fed: each time that half its limit has passed, but only while every
/// loop advances. One thread asks.
class Watchdog {
public:
  enum class Act {
    Nothing,   ///< it is not time, or what is to be done has been said already
    Feed,      ///< now
    Withhold,  ///< it is time, but a loop stands still; said once, until they advance again
  };

  /// `limit`: after this time without food the manager ends the service; 0: never.
  Watchdog(Duration limit, const Clock& clock) : limit_(limit), clock_(clock) { restart(); }

  bool enabled() const { return limit_ > Duration::zero(); }
  Duration limit() const { return limit_; }

  /// The manager begins to count now.
  void restart() { due_ = clock_.now() + limit_ / 2; }

  /// `stalled`: the loops that do not advance, as HealthBoard names them.
  Act ask(const std::vector<std::string>& stalled) {
    if (!enabled() || clock_.now() < due_) return Act::Nothing;
    if (!stalled.empty()) return std::exchange(withheld_, true) ? Act::Nothing : Act::Withhold;
    withheld_ = false;
    restart();
    return Act::Feed;
  }

private:
  Duration limit_;
  const Clock& clock_;
  SteadyTime due_{};
  bool withheld_ = false;
};

}  // namespace penstock
