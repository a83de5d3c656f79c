#pragma once

#include "penstock/store.h"

#include <functional>
#include <mutex>
#include <span>
#include <stdexcept>
#include <vector>

namespace penstock::test {

/// A store that keeps everything, or does what the test says.
class FakeStore final : public Store {
public:
  /// Asked before a span is kept; may throw or wait.
  std::function<void(std::span<const Event>)> on_persist = [](std::span<const Event>) {};
  /// What the store answers for an event.
  std::function<Persisted(const Event&)> answer = [](const Event& event) {
    Persisted persisted;
    persisted.message = event.id;
    persisted.conversation = 1;
    return persisted;
  };

  std::vector<Persisted> persist(std::span<const Event> events) override {
    {
      std::lock_guard guard(mutex_);
      ++calls_;
    }
    on_persist(events);
    std::lock_guard guard(mutex_);
    std::vector<Persisted> answers;
    for (const Event& event : events) {
      kept_.push_back(event.id);
      answers.push_back(answer(event));
    }
    return answers;
  }
  /// What the store says of an intent; may throw.
  std::function<BeginResult(const Intent&)> on_begin = [](const Intent&) {
    return BeginResult{true, MessageStatus::Sending};
  };
  /// Asked before attempts are kept; may throw.
  std::function<void(std::span<const Attempt>)> on_record = [](std::span<const Attempt>) {};

  std::vector<BeginResult> begin(std::span<const Intent> intents) override {
    std::vector<BeginResult> results;
    for (const Intent& intent : intents) results.push_back(on_begin(intent));
    std::lock_guard guard(mutex_);
    intents_.insert(intents_.end(), intents.begin(), intents.end());
    return results;
  }
  void record(std::span<const Attempt> attempts) override {
    on_record(attempts);
    std::lock_guard guard(mutex_);
    attempts_.insert(attempts_.end(), attempts.begin(), attempts.end());
  }

  std::vector<Intent> intents() const {
    std::lock_guard guard(mutex_);
    return intents_;
  }
  std::vector<Attempt> attempts() const {
    std::lock_guard guard(mutex_);
    return attempts_;
  }

  std::size_t calls() const {
    std::lock_guard guard(mutex_);
    return calls_;
  }
  std::vector<Uuid> kept() const {
    std::lock_guard guard(mutex_);
    return kept_;
  }

private:
  mutable std::mutex mutex_;
  std::size_t calls_ = 0;
  std::vector<Uuid> kept_;
  std::vector<Intent> intents_;
  std::vector<Attempt> attempts_;
};

}  // namespace penstock::test
