#pragma once

#include "penstock/queue.h"

#include <condition_variable>
#include <memory>
#include <mutex>

namespace penstock::test {

/// The answer to one publish, whenever and on whatever thread it comes. Copies share it.
class Answer {
public:
  PublishHandler handler() const {
    return [slot = slot_](PublishResult result) {
      std::lock_guard guard(slot->mutex);
      ++slot->calls;
      slot->result = result;
      slot->called.notify_all();
    };
  }

  /// Waits for the answer.
  PublishResult await() const {
    std::unique_lock guard(slot_->mutex);
    slot_->called.wait(guard, [this] { return slot_->calls > 0; });
    return slot_->result;
  }

  bool given() const { return calls() > 0; }
  int calls() const {
    std::lock_guard guard(slot_->mutex);
    return slot_->calls;
  }

private:
  struct Slot {
    std::mutex mutex;
    std::condition_variable called;
    int calls = 0;
    PublishResult result;
  };
  std::shared_ptr<Slot> slot_ = std::make_shared<Slot>();
};

}  // namespace penstock::test
