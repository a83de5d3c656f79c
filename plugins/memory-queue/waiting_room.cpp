#include "memory-queue/waiting_room.h"

#include <utility>

namespace penstock::memory_queue {

void WaitingRoom::push(Waiter waiter) {
  bytes_ += waiter.record->bytes();
  waiters_.push_back(std::move(waiter));
}

Waiter WaitingRoom::pop() {
  Waiter waiter = std::move(waiters_.front());
  waiters_.pop_front();
  bytes_ -= waiter.record->bytes();
  return waiter;
}

}  // namespace penstock::memory_queue
