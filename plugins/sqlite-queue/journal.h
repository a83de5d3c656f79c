#pragma once

#include "shared/durable/journal.h"
#include "sqlite-queue/config.h"
#include "sqlite-queue/engine_clock.h"
#include "sqlite-queue/file.h"

#include <functional>

namespace penstock::sqlite_queue {

/// What the database would have to count: how it stands, or by how much it changes.
struct Counts {
  std::int64_t live = 0;     ///< ready, leased or scheduled
  std::int64_t bytes = 0;    ///< of live events
  std::int64_t waiting = 0;  ///< states that are not handed out
  std::int64_t dead = 0;
  std::int64_t finished_keys = 0;

  Counts& operator+=(const Counts& change);
};

/// The queue in one SQLite file. One process has it: leases are only good while that process lives.
class SqliteJournal final : public durable::Journal {
public:
  SqliteJournal(Context& context, const Limits& limits, const sqlite::SessionOptions& options);

  void publish(std::span<durable::Publication> batch) override;
  durable::Intake read(std::size_t room, std::uint64_t bytes, durable::Window& window) override;
  SteadyTime due() override { return next_due_; }
  void handOver(std::span<durable::Item* const> items, Duration lease) override;
  void settle(std::span<durable::Ending> endings) override;
  std::vector<durable::Fate> expire(std::span<durable::Item* const> items) override;
  void tidy(durable::Window& window) override;
  QueueStats stats(const durable::Window& window) override;

  std::uint64_t replay(const DeadLetterFilter& filter, Duration first, Duration step) override;
  std::uint64_t discard(std::span<const Uuid> ids) override;
  DeadLetterPage list(const DeadLetterFilter& filter, Page page) override;
  std::optional<DeadLetter> get(const Uuid& id) override;
  std::vector<DeadLetterGroup> causes(const DeadLetterFilter& filter, std::size_t limit) override;
  std::vector<Uuid> choose(const DeadLetterFilter& filter, std::uint64_t cap) override;

  Health health() const { return file_.health(); }

private:
  /// One write transaction, and what it changes of the counts; they hold once it is committed.
  class Change;

  /// Runs `work` in a transaction; what it changes of the counts is kept with it. [throws: QueueUnavailable]
  void change(const std::function<void(Change&)>& work);
  Counts counts() const;
  void voidLeases();
  void soonest(WallTime due) { next_due_ = std::min(next_due_, clock_.steady(due)); }

  Context& context_;
  const Limits limits_;
  const JournalMetrics metrics_;
  const EngineClock clock_;
  File file_;

  std::mutex turn_;  ///< held from the beginning of a change until its counts are kept
  mutable std::mutex counts_mutex_;
  Counts counts_;  ///< as committed; guarded by counts_mutex_

  // The dispatcher's own.
  std::int64_t cursor_ = 0;  ///< the log has been read so far
  SteadyTime next_due_{};
  std::uint64_t last_lease_;
};

}  // namespace penstock::sqlite_queue
