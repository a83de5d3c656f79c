#pragma once

#include "penstock/queue.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace penstock::test {

/// A queue that hands out what the test gives it and keeps what the worker settles. Released events are ready again at
/// once, with the same attempt.
class FakeQueue final : public Queue {
public:
  /// Asked at each receive and settle, before anything else; may throw.
  std::function<void()> on_receive = [] {};
  std::function<void()> on_settle = [] {};
  /// Whether a token's lease is still there.
  std::function<bool(const LeaseToken&)> holds = [](const LeaseToken&) { return true; };

  /// Of what is given from now on.
  Duration age{};

  /// By event: what it has been put aside for.
  std::map<Uuid, std::map<std::string, Duration>> waits;

  /// Whether what it holds outlives the process.
  bool lasting = true;

  /// Ready for the next receive, as one batch.
  void give(std::vector<Event> events, std::uint32_t attempt = 1, bool alone = false, std::uint32_t expired_alone = 1) {
    std::lock_guard guard(mutex_);
    std::vector<Delivery> batch;
    for (Event& event : events) batch.push_back(delivery(std::move(event), attempt, alone, expired_alone));
    ready_.push_back(std::move(batch));
    changed_.notify_all();
  }

  /// One that the engine has given up, ready as a batch of its own.
  void giveCondemned(const Uuid& id, std::uint32_t attempt, Grounds grounds) {
    std::lock_guard guard(mutex_);
    Event event;
    event.id = id;
    Delivery one = delivery(std::move(event), attempt, true, 3);
    one.condemned = grounds;
    ready_.push_back({std::move(one)});
    changed_.notify_all();
  }

  void publish(Event, PublishHandler) override { throw std::logic_error("the worker does not publish"); }

  bool durable() const noexcept override { return lasting; }

  std::vector<Delivery> receive(std::size_t max, Duration, Duration wait, std::stop_token stop) override {
    std::unique_lock lock(mutex_);
    ++receives_;
    if (stop.stop_possible()) token_ = stop;
    changed_.notify_all();
    lock.unlock();
    on_receive();
    lock.lock();
    if (wait > Duration::zero()) changed_.wait(lock, stop, [this] { return !ready_.empty() || idle_ends_ > 0; });
    if (ready_.empty()) {
      if (idle_ends_ > 0) --idle_ends_;
      return {};
    }
    std::vector<Delivery> batch = std::move(ready_.front());
    ready_.pop_front();
    if (batch.size() > max) throw std::logic_error("the test gave more than a batch");
    for (const Delivery& one : batch) leased_[one.token] = one;
    handed_out_ += batch.size();
    changed_.notify_all();
    return batch;
  }

  std::vector<SettleVerdict> settle(std::span<const Settlement> settlements) override {
    on_settle();
    std::lock_guard guard(mutex_);
    ++settle_calls_;
    std::vector<SettleVerdict> verdicts;
    for (const Settlement& settlement : settlements) {
      const Delivery lent = leased_.at(settlement.token);
      leased_.erase(settlement.token);
      settled_.push_back({lent.event.id, settlement});
      verdicts.push_back(holds(settlement.token) ? SettleVerdict::Settled : SettleVerdict::LeaseLost);
      if (verdicts.back() != SettleVerdict::Settled || !std::holds_alternative<Release>(settlement.outcome)) continue;
      Delivery again = delivery(lent.event, lent.attempt, lent.alone, lent.expired_alone);
      again.condemned = lent.condemned;
      ready_.push_back({std::move(again)});
    }
    changed_.notify_all();
    return verdicts;
  }

  QueueStats stats() override { return {}; }

  struct Settled {
    Uuid id;
    Settlement settlement;
  };

  /// Everything settled, once it is at least `count`.
  std::vector<Settled> awaitSettled(std::size_t count) {
    std::unique_lock lock(mutex_);
    await(lock, [&] { return settled_.size() >= count; });
    return settled_;
  }
  void awaitHandedOut(std::size_t count) {
    std::unique_lock lock(mutex_);
    await(lock, [&] { return handed_out_ >= count; });
  }
  void awaitReceives(std::size_t count) {
    std::unique_lock lock(mutex_);
    await(lock, [&] { return receives_ >= count; });
  }
  /// Until the worker was told to stop; one thread must have received.
  void awaitStopRequested() {
    std::unique_lock lock(mutex_);
    const std::stop_callback wake(*token_, [this] { changed_.notify_all(); });
    await(lock, [&] { return token_->stop_requested(); });
  }
  /// One receive comes back with nothing, as after an idle wait.
  void endIdleWait() {
    std::lock_guard guard(mutex_);
    ++idle_ends_;
    changed_.notify_all();
  }
  std::size_t receives() const {
    std::lock_guard guard(mutex_);
    return receives_;
  }
  std::size_t settleCalls() const {
    std::lock_guard guard(mutex_);
    return settle_calls_;
  }

private:
  Delivery delivery(Event event, std::uint32_t attempt, bool alone, std::uint32_t expired_alone) {
    Delivery one;
    one.event = std::move(event);
    one.attempt = attempt;
    one.age = age;
    if (const auto found = waits.find(one.event.id); found != waits.end()) one.waits = found->second;
    one.alone = alone;
    if (alone) one.expired_alone = expired_alone;
    one.token.words = {++tokens_, 0, 0};
    return one;
  }

  template <typename Condition>
  void await(std::unique_lock<std::mutex>& lock, Condition condition) {
    if (!changed_.wait_for(lock, std::chrono::seconds(60), condition))
      throw std::runtime_error("what the test waits for did not come");
  }

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::vector<Delivery>> ready_;
  std::map<LeaseToken, Delivery> leased_;
  std::vector<Settled> settled_;
  std::optional<std::stop_token> token_;
  std::uint64_t tokens_ = 0;
  std::size_t handed_out_ = 0;
  std::size_t receives_ = 0;
  std::size_t settle_calls_ = 0;
  std::size_t idle_ends_ = 0;
};

}  // namespace penstock::test
