#pragma once

#include "pg-queue/database.h"
#include "pg-queue/journal.h"
#include "pg-queue/outbox_draft.h"

#include "penstock/health.h"

#include <atomic>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace penstock::pg_queue {

struct OutboxOptions {
  bool enabled = true;
  std::int32_t batch = 0;
  Duration poll{};
};

OutboxOptions readOutboxOptions(const Config& section);

/// Moves what applications have enqueued in their transactions through the policy into the queue. Any number of
/// processes may try; one at a time moves, in one statement a batch, so nothing is moved twice and one that stands
/// still holds nobody up. migrations/postgres/0003_outbox.sql says how drafts are kept and found.
class Outbox {
public:
  Outbox(Context& context, PgJournal& journal, OutboxOptions options);
  ~Outbox() { stop(); }

  /// Returns when what is under way has ended.
  void stop() noexcept;

private:
  /// What came of one look.
  enum class Step : std::uint8_t {
    Empty,  ///< everything that had committed is moved
    Moved,  ///< there may be more
    Held,   ///< something is in the way, such as another process that is moving; a later look begins where this began
  };
  struct Result {
    bool done = false;  ///< another batch may be tried
    std::size_t postponed = 0;
  };
  /// What became of a draft, as outbox_move says it.
  enum class Outcome : std::int16_t { Accepted, Duplicate, Conflict, Full, Buried, Postponed, Gone, Locked };

  /// What the server showed, and when.
  struct Sight {
    std::string snapshot;
    SteadyTime at;
  };

  void run(const std::stop_token& stop);
  void wait(const std::stop_token& stop, Duration time);
  Step look();
  bool begin();
  void onSameServer(const postgres::Session& session) const;
  Result moveAll(const std::vector<OutboxDraft>& drafts);
  std::vector<JudgedDraft> judgeAll(const std::vector<OutboxDraft>& drafts);
  std::vector<OutboxDraft> read(std::string_view sql, const postgres::Parameters& parameters);
  std::optional<std::vector<Outcome>> move(std::span<JudgedDraft> drafts);
  std::optional<std::vector<Outcome>> moveOnce(std::span<const JudgedDraft> drafts);
  void tell(const JudgedDraft& draft, Outcome outcome, const Uuid& first);
  void tellOnce(bool& told, bool now, std::string_view event, std::string_view sentence);
  void oldest(Duration age);

  Context& context_;
  Database& database_;
  const Settings& settings_;
  const OutboxOptions options_;
  const OutboxMetrics metrics_;

  // The thread's own. Everything that `seen_` shows has left the outbox; what `pass_` shows beyond it is being moved,
  // and has been as far as these two.
  std::optional<Sight> seen_;
  std::optional<Sight> pass_;
  std::int64_t after_transaction_ = 0;
  std::int64_t after_number_ = 0;
  bool left_behind_ = false;  ///< something of the pass stays in the outbox
  Duration oldest_delayed_{};
  bool told_full_ = false;
  bool told_policy_ = false;
  bool told_fault_ = false;

  std::atomic<std::int64_t> oldest_since_{0};  ///< steady time in nanoseconds; 0: nothing waits
  std::unique_ptr<Collection> collection_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::jthread thread_;
};

}  // namespace penstock::pg_queue
