#pragma once

#include "config.h"
#include "record.h"

#include "penstock/plugin.h"

#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>
#include <vector>

namespace example {

/// A volatile queue in one list, under one mutex. Correct and bounded, and slow when it is long: a receive call looks
/// at everything that is before what it takes.
class Engine final : public penstock::Queue, public penstock::DeadLetters {
public:
  explicit Engine(penstock::Context& context);
  ~Engine() override { close(); }

  void publish(penstock::Event event, penstock::PublishHandler handler) override;
  std::vector<penstock::Delivery> receive(std::size_t max, penstock::Duration lease, penstock::Duration wait,
                                          std::stop_token stop) override;
  std::vector<penstock::SettleVerdict> settle(std::span<const penstock::Settlement> settlements) override;
  bool durable() const noexcept override { return false; }
  penstock::QueueStats stats() override;

  penstock::DeadLetterPage list(const penstock::DeadLetterFilter& filter, penstock::Page page) override;
  std::optional<penstock::DeadLetter> get(const penstock::Uuid& id) override;
  std::uint64_t replay(const penstock::DeadLetterFilter& filter, std::uint64_t cap, penstock::Duration spread) override;
  std::uint64_t discard(std::span<const penstock::Uuid> ids) override;
  std::vector<penstock::DeadLetterGroup> causes(const penstock::DeadLetterFilter& filter, std::size_t limit) override;

  /// Answers everyone who waits and returns when no thread is inside. Later calls find a closed queue.
  void close() noexcept;

private:
  using Lock = std::unique_lock<std::mutex>;
  struct Key {
    penstock::Digest128 fingerprint;
    penstock::Uuid id;
    penstock::SteadyTime until;  ///< known at least so long
    bool held = true;            ///< its event is in the queue or dead
  };
  struct Waiter {
    Record record;
    penstock::PublishHandler handler;
    penstock::SteadyTime until;
  };
  struct Answer {
    penstock::PublishHandler handler;
    penstock::PublishResult result;
  };

  /// The queue as it is now. [throws: QueueUnavailable when closing]
  Lock enter();
  /// Does everything whose time has come.
  void pass();
  penstock::SteadyTime due() const;
  void keepTime(const std::stop_token& stop);

  std::optional<penstock::PublishResult> known(const penstock::Event& event) const;
  bool hasRoom(std::uint64_t bytes) const;
  void accept(Record record);
  void admitWaiters();
  void answerLater(penstock::PublishHandler handler, const penstock::PublishResult& result);

  /// A record is put somewhere, or taken from there; both keep the counts and the times.
  void put(Record& record, Place place, penstock::SteadyTime time);
  void lift(const Record& record);
  void readyAfter(Record& record, penstock::Duration delay);
  std::vector<Records::iterator> choose(std::size_t max);
  penstock::Delivery lend(Record& record, penstock::Duration lease);
  void expire(Records::iterator record);
  penstock::SettleVerdict settle(const penstock::Settlement& settlement);
  void bury(Records::iterator record, const penstock::Dead& dead);
  void revive(Records::iterator record, penstock::Duration delay);
  void forget(Records& from, Records::iterator record);
  std::vector<Records::iterator> newestFirst(const penstock::DeadLetterFilter& filter);

  const Limits limits_;
  penstock::Clock& clock_;
  std::array<penstock::Counter*, penstock::kGrounds.size()> dead_letters_;
  const std::uint64_t run_;  ///< tokens of two runs do not meet

  std::mutex mutex_;
  std::condition_variable_any changed_;
  Records live_;                          ///< in publish order; guarded by mutex_, as all below
  Records dead_;                          ///< in the order they died
  std::array<std::uint64_t, 4> count_{};  ///< by place
  std::multiset<penstock::SteadyTime> ready_since_;
  std::multiset<penstock::SteadyTime> timers_;  ///< of leased and scheduled ones
  std::uint64_t bytes_ = 0;                     ///< of live ones
  std::unordered_map<penstock::Digest128, Key, penstock::IdentityHash> keys_;
  std::deque<penstock::Digest128> finished_;
  std::deque<Waiter> waiting_;
  std::uint64_t waiting_bytes_ = 0;
  std::vector<Answer> answers_;  ///< to be given by the thread
  std::uint64_t last_sequence_ = 0;
  std::uint64_t last_lease_ = 0;
  std::size_t receivers_ = 0;
  bool closing_ = false;

  std::jthread thread_;
};

}  // namespace example
