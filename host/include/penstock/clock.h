#pragma once

#include "penstock/time.h"

#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace penstock {

/// Time as the host sees it. Tests lend a clock that they move; code that asks this clock can be tested without
/// sleeping.
class Clock {
public:
  virtual ~Clock() = default;

  /// Monotonic now. [any thread]
  virtual SteadyTime now() const = 0;

  /// Wall-clock now. [any thread]
  virtual WallTime wall() const = 0;

  /// Waits on `changed` until it is notified, `deadline` has come by this clock, or `stop` is requested; may also
  /// return for no reason. The caller holds `lock` before and after, and looks again at what it waits for. [any thread]
  /// [blocks]
  virtual void wait(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed, SteadyTime deadline,
                    const std::stop_token& stop) = 0;
};

}  // namespace penstock
