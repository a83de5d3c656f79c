#pragma once

#include "penstock/queue.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace penstock::test {

/// A queue that answers every publish with `result` at once, or keeps the handlers until the test answers them.
class FakePublisher final : public Queue {
public:
  std::optional<PublishResult> result = PublishResult{PublishVerdict::Accepted, {}};

  void publish(Event event, PublishHandler handler) override {
    {
      std::lock_guard guard(mutex_);
      published_.push_back(std::move(event));
      if (!result) {
        held_.push_back(std::move(handler));
        changed_.notify_all();
        return;
      }
    }
    handler(*result);
  }
  std::vector<Delivery> receive(std::size_t, Duration, Duration, std::stop_token) override {
    throw std::logic_error("ingest does not receive");
  }
  std::vector<SettleVerdict> settle(std::span<const Settlement>) override {
    throw std::logic_error("ingest does not settle");
  }
  QueueStats stats() override { return {}; }

  std::vector<Event> published() const {
    std::lock_guard guard(mutex_);
    return published_;
  }
  /// Answers the oldest publish that is held.
  void answerHeld(PublishResult with) {
    PublishHandler handler;
    {
      std::lock_guard guard(mutex_);
      handler = std::move(held_.at(0));
      held_.erase(held_.begin());
    }
    handler(with);
  }

private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Event> published_;
  std::vector<PublishHandler> held_;
};

}  // namespace penstock::test
