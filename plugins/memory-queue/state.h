#pragma once

#include "memory-queue/config.h"
#include "memory-queue/dead_room.h"
#include "memory-queue/key_window.h"
#include "memory-queue/metrics.h"
#include "memory-queue/waiting_room.h"

#include "penstock/log.h"

#include <functional>

namespace penstock::memory_queue {

/// An instant by both clocks.
struct Moment {
  SteadyTime steady{};
  WallTime wall{};
};

/// What a step leaves to be done once the lock is released: handlers to call, memory to give back.
struct Aftermath {
  struct Answer {
    PublishHandler handler;
    PublishResult result;
  };
  bool empty() const { return answers.empty() && garbage.empty(); }
  std::vector<Answer> answers;
  std::vector<std::unique_ptr<Record>> garbage;
};

/// An event on its way to a receiver, still serialised.
struct Handover {
  std::shared_ptr<const std::string> text;
  std::uint32_t attempt = 0;
  std::uint32_t earlier_attempts = 0;
  LeaseToken token;
  bool alone = false;
  Duration age{};
  Duration waited{};
  std::string waits;
  Uuid id;
  std::uint32_t expired_alone = 0;
  bool condemned = false;
};

/// A dead letter, still serialised.
struct Letter {
  std::shared_ptr<const std::string> text;
  Uuid id;
  std::string customer;
  Kind kind = Kind::OutboundMessage;
  std::uint32_t attempts = 0;
  History history;
};

Letter letterOf(const Record& record);

/// The queue as a value: what is in it and what each step does to it. Steps are given the time, call nobody, and cost
/// the same however much is in the queue. pass() comes before every other step. Not synchronised.
class State {
public:
  State(const Limits& limits, const Instruments& instruments, const Log& log, std::uint64_t first_lease);
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// Does everything whose time has come.
  void pass(const Moment& now, Aftermath& aftermath);
  /// When pass has work again.
  SteadyTime due();

  /// The answer, or nothing when record and handler were taken to wait for room.
  std::optional<PublishResult> publish(std::unique_ptr<Record>& record, PublishHandler& handler, const Moment& now);
  std::vector<Handover> take(std::size_t max, Duration lease, const Moment& now);
  bool offers() const { return lanes_.offers(); }
  SettleVerdict settle(const Settlement& settlement, const Moment& now, Aftermath& aftermath);
  QueueStats stats(const Moment& now) const;
  bool full() const { return live() >= limits_.max_events || bytes_ >= limits_.max_bytes; }

  /// As DeadRoom::walk.
  bool walk(const DeadLetterFilter& filter, DeadWalk& walk, std::size_t most,
            const std::function<bool(const Record&)>& visit) {
    return dead_.walk(filter, walk, most, visit);
  }
  std::optional<Letter> letter(const Uuid& id) const;
  /// Makes the dead letters that the filter names by their ids ready again, oldest first and as far as there is room:
  /// the first once `first` has passed, each further one `step` later. Returns how many.
  std::uint64_t replay(const DeadLetterFilter& filter, Duration first, Duration step, const Moment& now);
  std::uint64_t discard(std::span<const Uuid> ids, const Moment& now, Aftermath& aftermath);

  /// Answers everyone who waits for room that there will be none. Returns how many live events are lost.
  std::uint64_t close(Aftermath& aftermath);

private:
  std::uint64_t live() const { return lanes_.ready() + leased_ + scheduled_; }
  bool hasRoom(std::uint64_t bytes) const;
  void accept(std::unique_ptr<Record> record, const Moment& now);
  void admitWaiters(const Moment& now, Aftermath& aftermath);

  Record* leased(const LeaseToken& token) const;
  void endLease(Record& record);
  void expireLease(Record& record, const Moment& now, Aftermath& aftermath);
  void makeReadyAfter(Record& record, Duration delay, const Moment& now);
  void addFailure(Record& record, std::string_view reason, const Moment& now);
  void finish(Record& record, const Moment& now, Aftermath& aftermath);

  void bury(Record& record, const Dead& dead, const Moment& now, Aftermath& aftermath);
  void removeDead(Record& record, const Moment& now, Aftermath& aftermath);
  void forget(Record& record, const Moment& now, Aftermath& aftermath);
  void revive(Record& record, Duration delay, const Moment& now);

  Limits limits_;
  Instruments instruments_;
  Log log_;
  KeyWindow keys_;
  Lanes lanes_;
  RecordSet<ByTime> timers_;  ///< leased and scheduled events
  DeadRoom dead_;
  WaitingRoom waiting_;
  std::uint64_t leased_ = 0;
  std::uint64_t scheduled_ = 0;
  std::uint64_t bytes_ = 0;  ///< of live events
  std::uint64_t last_sequence_ = 0;
  std::uint64_t last_lease_;
};

}  // namespace penstock::memory_queue
