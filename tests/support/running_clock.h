#pragma once

#include "penstock/clock.h"

#include <utility>

namespace penstock::test {

/// The machine's own time, for benchmarks and for code that waits on other processes.
class RunningClock final : public Clock {
public:
  SteadyTime now() const override { return std::chrono::steady_clock::now(); }
  WallTime wall() const override { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }
  void wait(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed, SteadyTime deadline,
            const std::stop_token& stop) override {
    bool waited = false;
    changed.wait_until(lock, stop, deadline, [&waited] { return std::exchange(waited, true); });
  }
};

}  // namespace penstock::test
