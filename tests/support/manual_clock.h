#pragma once

#include "penstock/clock.h"

#include <cstddef>
#include <list>
#include <thread>
#include <utility>

namespace penstock::test {

/// A clock that stands still until the test moves it. advance() comes back once every thread whose deadline has come
/// has left its wait, so nobody sleeps through a step.
class ManualClock final : public Clock {
public:
  SteadyTime now() const override {
    std::lock_guard guard(mutex_);
    return now_;
  }

  WallTime wall() const override {
    std::lock_guard guard(mutex_);
    return wall_;
  }

  void wait(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed, SteadyTime deadline,
            const std::stop_token& stop) override {
    std::list<Waiter>::iterator self;
    {
      std::lock_guard guard(mutex_);
      if (deadline <= now_ || stop.stop_requested()) return;
      self = waiters_.insert(waiters_.end(), Waiter{&changed, deadline});
      arrived_.notify_all();
    }
    bool waited = false;
    changed.wait(lock, stop, [&waited] { return std::exchange(waited, true); });
    std::lock_guard guard(mutex_);
    waiters_.erase(self);
  }

  /// Moves both clocks on. The caller must not hold a mutex that a waiting thread needs.
  void advance(Duration step) {
    {
      std::lock_guard guard(mutex_);
      now_ += step;
      wall_ += step;
    }
    while (wakeDue()) std::this_thread::yield();
  }

  /// Sets the wall clock alone, as an administrator or a time server does.
  void setWall(WallTime time) {
    std::lock_guard guard(mutex_);
    wall_ = time;
  }

  /// Comes back once `count` threads wait for this clock.
  void awaitWaiting(std::size_t count) {
    std::unique_lock guard(mutex_);
    arrived_.wait(guard, [&] { return waiters_.size() >= count; });
  }

private:
  struct Waiter {
    std::condition_variable_any* changed;
    SteadyTime deadline;
  };

  /// A thread that has entered its wait but does not sleep yet misses the first call, never all of them.
  bool wakeDue() {
    std::lock_guard guard(mutex_);
    bool due = false;
    for (const Waiter& waiter : waiters_) {
      if (waiter.deadline > now_) continue;
      waiter.changed->notify_all();
      due = true;
    }
    return due;
  }

  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::list<Waiter> waiters_;
  SteadyTime now_{std::chrono::hours(1000)};
  WallTime wall_{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};
};

}  // namespace penstock::test
