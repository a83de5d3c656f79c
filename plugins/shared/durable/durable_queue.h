#pragma once

#include "shared/durable/committer.h"
#include "shared/durable/window.h"

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace penstock::durable {

/// A queue over a journal: publishing by group commit, and one dispatcher that hands out what the journal holds. The
/// dispatcher serves in rounds: it commits the leases that have ended, reads on, commits what it hands out next, and
/// only then lets go of either.
class DurableQueue final : public Queue, public DeadLetters {
public:
  DurableQueue(const Options& options, Metrics& metrics, std::unique_ptr<Journal> journal, const Log& log, Clock& clock,
               HealthBoard& health);
  ~DurableQueue() override;

  void publish(Event event, PublishHandler handler) override {
    committer_.publish(std::move(event), std::move(handler));
  }
  std::vector<Delivery> receive(std::size_t max, Duration lease, Duration wait, std::stop_token stop) override;
  std::vector<SettleVerdict> settle(std::span<const Settlement> settlements) override;
  QueueStats stats() override;

  DeadLetterPage list(const DeadLetterFilter& filter, Page page) override;
  std::optional<DeadLetter> get(const Uuid& id) override;
  std::uint64_t replay(const DeadLetterFilter& filter, std::uint64_t cap, Duration spread) override;
  std::uint64_t discard(std::span<const Uuid> ids) override;
  std::vector<DeadLetterGroup> causes(const DeadLetterFilter& filter, std::size_t limit) override;

  /// The journal may hold more than it did. [any thread] [does not block]
  void poke();
  bool full() const { return committer_.full(); }
  /// Answers everyone who waits and ends the threads.
  void close() noexcept;

private:
  /// A receive call on its way through the dispatcher.
  struct Demand {
    enum class State : std::uint8_t { Waiting, Serving, Done };
    std::size_t max;
    Duration lease;
    State state = State::Waiting;
    bool tried = false;
    std::vector<Delivery> shells{};  ///< deliveries without their event
    std::vector<std::shared_ptr<const std::string>> texts{};
    std::optional<std::string> failure{};  ///< why it cannot be done; each caller throws an exception of its own
    std::condition_variable_any changed{};
  };
  /// A settle call on its way through the dispatcher.
  struct Closing {
    std::span<const Settlement> settlements;
    std::vector<SettleVerdict> verdicts{};
    std::optional<std::string> failure{};  ///< why it cannot be done; each caller throws an exception of its own
    bool done = false;
    std::condition_variable_any changed{};
  };
  struct Round {
    std::vector<Demand*> demands;
    std::vector<Closing*> closings;
    std::vector<std::function<void(bool)>> jobs;  ///< true: the queue is closing
  };
  struct Grant {
    Demand* demand;
    std::vector<Item*> items;
    bool alone;
  };

  void run(const std::stop_token& stop);
  bool waitForRound(std::unique_lock<std::mutex>& lock, const std::stop_token& stop);
  Round takeRound();
  void serve(Round& round);
  void settleAll(const std::vector<Closing*>& closings);
  void expireOverdue();
  void handOut(const std::vector<Demand*>& demands);
  bool readOn();
  std::size_t room() const;
  void handOver(std::vector<Grant>& grants);
  void finish(Round& round);
  std::vector<Delivery> parse(Demand& demand);
  void noteUnreadable(const Uuid& id);
  QueueUnavailable closing() const { return QueueUnavailable(options_.engine + " is closing"); }
  template <typename Call>
  void await(std::unique_lock<std::mutex>& lock, Call& call);
  /// Runs `read` on the caller's thread, beside the dispatcher, when no other does; close waits until it has ended.
  /// [throws: what it throws, QueueUnavailable]
  template <typename Read>
  std::invoke_result_t<Read> beside(Read read);
  /// Runs `job` on the dispatcher. [throws: what the job throws, QueueUnavailable]
  template <typename Job>
  std::invoke_result_t<Job> onDispatcher(Job job);

  const Options options_;
  const Instruments instruments_;
  const std::unique_ptr<Journal> journal_;
  Log log_;
  Clock& clock_;
  HealthBoard& health_;

  // The dispatcher's own.
  Window window_;
  SteadyTime next_tidy_{};
  bool tidy_failed_ = false;  ///< and the log has said so
  bool more_ = true;          ///< a read may find more

  std::mutex mutex_;
  std::condition_variable_any work_;
  std::vector<Demand*> demands_;  ///< guarded by mutex_, as all below
  std::vector<Closing*> closings_;
  std::vector<std::function<void(bool)>> jobs_;
  bool closing_ = false;
  std::size_t inside_ = 0;  ///< calls that wait for the dispatcher, or read beside it
  std::condition_variable_any left_;
  bool reading_ = false;  ///< one of them does; only one, so that they do not take all the journal's sessions
  bool news_ = true;      ///< the journal may hold more

  Committer committer_;
  std::jthread thread_;
};

}  // namespace penstock::durable
