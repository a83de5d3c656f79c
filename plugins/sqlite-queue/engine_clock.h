#pragma once

#include "penstock/clock.h"

namespace penstock::sqlite_queue {

/// The engine's own time: the wall clock when it started, and from then on as steady as the steady clock, so that a
/// wall clock that is set moves no retry.
class EngineClock {
public:
  explicit EngineClock(const Clock& clock) : clock_(clock), wall_(clock.wall()), steady_(clock.now()) {}

  WallTime now() const { return wall_ + std::chrono::floor<Duration>(clock_.now() - steady_); }
  SteadyTime steady(WallTime time) const { return steady_ + (time - wall_); }

private:
  const Clock& clock_;
  const WallTime wall_;
  const SteadyTime steady_;
};

}  // namespace penstock::sqlite_queue
