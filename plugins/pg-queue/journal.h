#pragma once

#include "pg-queue/database.h"
#include "pg-queue/metrics.h"
#include "shared/durable/journal.h"

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <unordered_set>

namespace penstock::pg_queue {

struct Settings {
  postgres::Settings postgres;
  std::int64_t max_events = 0;
  std::int64_t max_bytes = 0;
  Duration key_window{};
  Duration dead_letter_retention{};
  std::int64_t max_dead_letters = 0;
  std::int64_t slot_events = 0;
  Duration slot_age{};
  Duration poll{};
  Duration attend{};
  Duration patience{};
};

/// [throws: StartFailure]
Settings readSettings(const Context& context);

/// The queue in a PostgreSQL database that any number of processes share; migrations/postgres/0002_queue.sql says how
/// it is kept. Each process that asks for events owns some of the 64 partitions for as long as it is heard of, and
/// decides in its memory who gets which event of them; what it hands out it commits first.
class PgJournal final : public durable::Journal {
public:
  PgJournal(Context& context, Settings settings, std::function<void()> told);

  void publish(std::span<durable::Publication> batch) override;
  void prepare(durable::Window& window) override;
  durable::Intake read(std::size_t room, std::uint64_t bytes, durable::Window& window) override;
  SteadyTime due() override;
  void handOver(std::span<durable::Item* const> items, Duration lease) override;
  void settle(std::span<durable::Ending> endings) override;
  std::vector<durable::Fate> expire(std::span<durable::Item* const> items) override;
  void tidy(durable::Window& window) override;
  void leave(durable::Window& window) override;
  QueueStats stats(const durable::Window& window) override;

  std::uint64_t replay(const DeadLetterFilter& filter, Duration first, Duration step) override;
  std::uint64_t discard(std::span<const Uuid> ids) override;
  DeadLetterPage list(const DeadLetterFilter& filter, Page page) override;
  std::optional<DeadLetter> get(const Uuid& id) override;
  std::vector<DeadLetterGroup> causes(const DeadLetterFilter& filter, std::size_t limit) override;
  std::vector<Uuid> choose(const DeadLetterFilter& filter, std::uint64_t cap) override;

  Health health() const { return database_.health(); }
  Database& database() { return database_; }
  const Settings& settings() const { return settings_; }

private:
  void publishAll(std::span<durable::Publication> batch);
  void attend(durable::Window& window);
  void attendOn(postgres::Session& session, durable::Window& window);
  void forget(durable::Window& window);
  void takeOver(postgres::Session& session, durable::Window& window, std::uint64_t added, std::uint64_t from);
  void askAfterForeign(postgres::Session& session, durable::Window& window);
  void watchRotation(const std::string& blocked_slot);
  void handOverGroup(std::span<durable::Item* const> items, Duration lease, bool alone);
  void settleDone(std::vector<durable::Ending*>& endings);
  void settleOthers(std::span<durable::Ending* const> endings);
  std::vector<bool> settledBy(std::string_view statement, const postgres::Parameters& parameters);
  bool owns(const durable::Item& item) const { return (partitions_ >> item.partition & 1U) != 0; }

  Context& context_;
  const Settings settings_;
  const QueueMetrics metrics_;
  Database database_;

  std::atomic<std::int64_t> consumer_ = 0;  ///< 0: takes no part; the committer reads it, the dispatcher sets it

  // The dispatcher's own.
  std::uint64_t partitions_ = 0;              ///< owned, as bits
  std::uint64_t cursor_ = 0;                  ///< the ring has been read so far
  std::uint64_t sift_until_ = 0;              ///< up to there what is read may have been handed out already
  std::unordered_set<std::uint64_t> passed_;  ///< it was; empty once the cursor is there
  std::int64_t version_ = 0;                  ///< of its ownership, which hand-overs name
  std::string timeline_;                      ///< of the server's history that all of this is about
  std::int64_t leases_ = 0;                   ///< the last that this consumer has numbered; it begins anywhere
  bool doubt_ = false;                        ///< what became of a hand-over or of the last attend is not known
  SteadyTime next_attend_{};
  SteadyTime next_due_{};
  SteadyTime last_read_{};
  std::optional<SteadyTime> blocked_since_;  ///< rotation, by somebody's lock
  bool blocked_told_ = false;
};

}  // namespace penstock::pg_queue
