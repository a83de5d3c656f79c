#pragma once

#include "penstock/transport.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

namespace penstock::test {

/// A transport that answers at once as `on_send` says, or holds a request until the test answers it.
class FakeTransport final : public Transport {
public:
  std::function<std::optional<SendOutcome>(const OutboundRequest&)> on_send = [](const OutboundRequest&) {
    OutboundResponse answer;
    answer.status = 202;
    return std::optional<SendOutcome>(answer);
  };

  void send(OutboundRequest request, SteadyTime deadline, SendHandler handler) override {
    auto outcome = on_send(request);
    std::unique_lock lock(mutex_);
    ++sends_;
    last_deadline_ = deadline;
    if (!outcome) held_.push_back(std::move(handler));
    changed_.notify_all();
    lock.unlock();
    if (outcome) handler(std::move(*outcome));
  }

  std::size_t sends() const {
    std::lock_guard guard(mutex_);
    return sends_;
  }
  SteadyTime lastDeadline() const {
    std::lock_guard guard(mutex_);
    return last_deadline_;
  }
  /// Until so many were sent in all.
  void awaitSends(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return sends_ >= count; });
  }
  /// Answers the one that is held longest.
  void answer(SendOutcome outcome) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !held_.empty(); });
    SendHandler handler = std::move(held_.front());
    held_.pop_front();
    lock.unlock();
    handler(std::move(outcome));
  }

private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t sends_ = 0;
  SteadyTime last_deadline_{};
  std::deque<SendHandler> held_;
};

inline OutboundResponse answered(unsigned status) {
  OutboundResponse answer;
  answer.status = status;
  return answer;
}

inline SendFailure failed(SendFault fault, bool may_have_left) {
  SendFailure failure;
  failure.fault = fault;
  failure.sentence = "the connection broke";
  failure.may_have_left = may_have_left;
  return failure;
}

}  // namespace penstock::test
