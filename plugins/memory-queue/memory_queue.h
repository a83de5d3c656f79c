#pragma once

#include "memory-queue/state.h"

#include "penstock/clock.h"
#include "penstock/health.h"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace penstock::memory_queue {

/// The engine: State behind one mutex, receivers that wait, and one thread that keeps time. No handler is called and no
/// event is read or written as text while the mutex is held; what is borrowed is only used under it, before closing.
class MemoryQueue final : public Queue, public DeadLetters {
public:
  MemoryQueue(const Limits& limits, const Instruments& instruments, const Log& log, Clock& clock, HealthBoard& health);
  ~MemoryQueue() override;

  void publish(Event event, PublishHandler handler) override;
  std::vector<Delivery> receive(std::size_t max, Duration lease, Duration wait, std::stop_token stop) override;
  std::vector<SettleVerdict> settle(std::span<const Settlement> settlements) override;
  bool durable() const noexcept override { return false; }
  QueueStats stats() override;

  DeadLetterPage list(const DeadLetterFilter& filter, Page page) override;
  std::optional<DeadLetter> get(const Uuid& id) override;
  std::uint64_t replay(const DeadLetterFilter& filter, std::uint64_t cap, Duration spread) override;
  std::uint64_t discard(std::span<const Uuid> ids) override;
  std::vector<DeadLetterGroup> causes(const DeadLetterFilter& filter, std::size_t limit) override;

  /// Answers everyone who waits, wakes every receiver, and returns when they have left and the thread has ended.
  void close() noexcept;

  Health health();

private:
  /// One thread inside receive; made and ended with the mutex held.
  class Presence {
  public:
    explicit Presence(MemoryQueue& queue);
    ~Presence();
    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;

  private:
    MemoryQueue& queue_;
  };

  /// Work on the state at this moment, then what it leaves to be done. [throws: QueueUnavailable when closing]
  template <typename Work>
  auto step(Work&& work);
  void eachLetter(const DeadLetterFilter& filter, DeadWalk::Order order,
                  const std::function<bool(const Record&)>& visit);
  std::unique_lock<std::mutex> lockForPublish();
  Moment now() const { return {clock_.now(), clock_.wall()}; }
  void keepTime(const std::stop_token& stop);
  std::vector<Handover> waitForEvents(std::size_t max, Duration lease, Duration wait, const std::stop_token& stop);
  std::vector<Handover> takeUnder(std::unique_lock<std::mutex>& lock, std::size_t max, Duration lease, Duration wait,
                                  const std::stop_token& stop);
  std::vector<Delivery> read(std::vector<Handover> handovers);
  void noteUnreadable(const Uuid& id);
  /// Releases the lock and wakes whoever has something to do now.
  void release(std::unique_lock<std::mutex>& lock);
  void answer(PublishHandler& handler, const PublishResult& result) noexcept;
  void finish(Aftermath& aftermath) noexcept;

  Instruments instruments_;
  Log log_;
  Clock& clock_;
  HealthBoard& health_;

  std::mutex mutex_;
  State state_;  ///< guarded by mutex_, as all below
  bool closing_ = false;
  std::size_t receivers_ = 0;  ///< inside receive
  std::size_t idle_ = 0;       ///< of these, waiting for events
  SteadyTime timer_until_{};   ///< what the thread waits for
  std::condition_variable_any ready_;
  std::condition_variable_any timer_;
  std::condition_variable_any left_;

  std::jthread thread_;
};

template <typename Work>
auto MemoryQueue::step(Work&& work) {
  Aftermath aftermath;
  std::unique_lock lock(mutex_);
  if (closing_) throw QueueUnavailable("memory-queue is closing");
  const Moment moment = now();
  state_.pass(moment, aftermath);
  auto result = work(moment, aftermath);
  release(lock);
  finish(aftermath);
  return result;
}

}  // namespace penstock::memory_queue
