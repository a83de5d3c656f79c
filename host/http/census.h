#pragma once

#include "penstock/time.h"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace penstock {

/// Counts connections. One is waiting until it is closed or has nothing left to be answered. [any thread]
class Census {
public:
  void entered() noexcept {
    open_.fetch_add(1);
    waiting_.fetch_add(1);
  }
  void answered() noexcept {
    if (waiting_.fetch_sub(1) != 1) return;
    std::lock_guard guard(mutex_);
    nobody_waits_.notify_all();
  }
  void left() noexcept { open_.fetch_sub(1); }

  std::size_t open() const noexcept { return open_.load(std::memory_order_relaxed); }

  /// Returns when nobody waits, or at the deadline. [blocks]
  void awaitAnswered(SteadyTime deadline) {
    std::unique_lock lock(mutex_);
    nobody_waits_.wait_until(lock, deadline, [this] { return waiting_.load() == 0; });
  }

private:
  std::atomic<std::size_t> open_{0};
  std::atomic<std::size_t> waiting_{0};
  std::mutex mutex_;
  std::condition_variable nobody_waits_;
};

}  // namespace penstock
