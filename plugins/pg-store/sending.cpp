#include "pg-store/sending.h"

#include <limits>
#include <map>
#include <optional>
#include <string_view>

#include "pg-store/rows.h"
#include "pg-store/sql.h"
#include "shared/store/columns.h"

namespace penstock::pg_store {

namespace {

using Bytes = std::span<const std::uint8_t>;
using postgres::Array;

// Words of status_moves.cause.
constexpr std::string_view kBegin = "begin";
constexpr std::string_view kResend = "resend";

/// The positions of a span in rounds, so that no round has two of one message and their order is kept.
template <typename Item>
std::vector<std::vector<std::size_t>> rounds(std::span<const Item> items) {
  std::vector<std::vector<std::size_t>> all;
  std::map<Uuid, std::size_t> seen;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::size_t round = seen[items[i].message]++;
    if (round == all.size()) all.emplace_back();
    all[round].push_back(i);
  }
  return all;
}

/// A transaction around several round trips; one alone is a transaction by itself.
class Whole {
public:
  Whole(postgres::Session& session, std::size_t round_trips) {
    if (round_trips > 1) transaction_.emplace(session);
  }
  void commit() {
    if (transaction_) transaction_->commit();
  }

private:
  std::optional<postgres::Transaction> transaction_;
};

std::int32_t column(std::uint32_t number) {
  constexpr auto kMost = static_cast<std::uint32_t>(std::numeric_limits<std::int32_t>::max());
  return static_cast<std::int32_t>(number < kMost ? number : kMost);
}

void beginRound(postgres::Session& session, std::span<const Intent> intents, WallTime now,
                const std::vector<std::size_t>& round, std::vector<BeginResult>& results) {
  Array<Uuid> messages(round.size());
  Array<std::int32_t> attempts(round.size());
  Array<Bytes> tokens(round.size());
  Array<std::string_view> causes(round.size());
  Array<std::int32_t> replays(round.size());
  Array<std::string_view> providers(round.size());
  for (const std::size_t i : round) {
    messages.add(intents[i].message);
    attempts.add(column(intents[i].attempt));
    tokens.add(store::column(intents[i].token));
    causes.add(intents[i].resend ? kResend : kBegin);
    replays.add(column(intents[i].replayed_after));
    providers.add(intents[i].provider);
  }
  postgres::Parameters parameters;
  parameters.add(messages).add(attempts).add(tokens).add(causes).add(replays).add(providers).add(store::kWorkerLost);
  parameters.add(now);
  postgres::Rows rows = session.run(sql::kBeginAttempts, parameters);
  while (rows.next())
    results[round[static_cast<std::size_t>(rows.integer(0)) - 1]] = {rows.boolean(1), statusOf(rows.text(2)),
                                                                     rows.boolean(3)};
}

void recordRound(postgres::Session& session, std::span<const Attempt> attempts, const std::vector<std::size_t>& round,
                 Recorded& recorded) {
  Array<Uuid> messages(round.size());
  Array<std::int32_t> numbers(round.size());
  Array<Bytes> tokens(round.size());
  Array<std::string_view> outcomes(round.size());
  Array<std::string_view> endings(round.size());
  Array<std::string_view> providers(round.size());
  Array<std::string_view> provider_messages(round.size());
  Array<std::int32_t> http_statuses(round.size());
  Array<std::string_view> errors(round.size());
  Array<WallTime> starts(round.size());
  Array<std::int64_t> latencies(round.size());
  Array<std::string_view> waits(round.size());
  Array<bool> earlier_not_sent(round.size());
  for (const std::size_t i : round) {
    const Attempt& attempt = attempts[i];
    messages.add(attempt.message);
    numbers.add(column(attempt.number));
    tokens.add(store::column(attempt.token));
    outcomes.add(word(attempt.outcome));
    endings.add(word(attempt.end));
    providers.add(attempt.provider);
    provider_messages.add(attempt.provider_message_id);
    http_statuses.add(attempt.http_status);
    errors.add(store::shortened(attempt.error));
    starts.add(attempt.started_at);
    latencies.add(attempt.latency.count());
    waits.add(store::waitsColumn(attempt.waits));
    earlier_not_sent.add(attempt.earlier_not_sent);
  }
  postgres::Parameters parameters;
  parameters.add(messages).add(numbers).add(tokens).add(outcomes).add(endings).add(providers).add(provider_messages);
  parameters.add(http_statuses).add(errors).add(starts).add(latencies).add(waits).add(earlier_not_sent);
  postgres::Rows rows = session.run(sql::kRecordAttempts, parameters);
  if (!rows.next()) return;
  const std::int64_t kept[3] = {rows.integer(0), rows.integer(1), rows.integer(2)};
  for (std::size_t outcome = 0; outcome < 3; ++outcome) recorded.kept[outcome] += kept[outcome];
  recorded.repeated += std::ssize(round) - kept[0] - kept[1] - kept[2];
  recorded.reports.applied += rows.integer(3);
  recorded.reports.stale += rows.integer(4);
}

}  // namespace

std::vector<BeginResult> begin(postgres::Session& session, std::span<const Intent> intents, WallTime now) {
  std::vector<BeginResult> results(intents.size());
  const auto all = rounds(intents);
  Whole whole(session, all.size());
  for (const auto& round : all) beginRound(session, intents, now, round, results);
  whole.commit();
  return results;
}

Recorded record(postgres::Session& session, std::span<const Attempt> attempts) {
  Recorded recorded;
  const auto all = rounds(attempts);
  Whole whole(session, all.size());
  for (const auto& round : all) recordRound(session, attempts, round, recorded);
  whole.commit();
  return recorded;
}

}  // namespace penstock::pg_store
