#pragma once

#include "memory-queue/record.h"

#include <deque>

namespace penstock::memory_queue {

/// A publisher that waits for room.
struct Waiter {
  std::unique_ptr<Record> record;
  PublishHandler handler;
  SteadyTime until{};
};

/// Publishers that wait for room, in the order they came. Bounded by count and bytes. Not synchronised.
class WaitingRoom {
public:
  WaitingRoom(std::uint64_t max_waiters, std::uint64_t max_bytes) : max_waiters_(max_waiters), max_bytes_(max_bytes) {}

  bool hasRoom(std::uint64_t bytes) const {
    return waiters_.size() < max_waiters_ && bytes <= max_bytes_ && bytes_ <= max_bytes_ - bytes;
  }
  void push(Waiter waiter);
  Waiter pop();
  const Waiter& front() const { return waiters_.front(); }
  bool empty() const { return waiters_.empty(); }
  SteadyTime due() const { return waiters_.empty() ? SteadyTime::max() : waiters_.front().until; }

private:
  std::uint64_t max_waiters_;
  std::uint64_t max_bytes_;
  std::deque<Waiter> waiters_;
  std::uint64_t bytes_ = 0;
};

}  // namespace penstock::memory_queue
