#include "sqlite-store/sending.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "shared/store/columns.h"
#include "sqlite-store/rows.h"
#include "sqlite-store/sql.h"

namespace penstock::sqlite_store {

namespace {

// Words of status_moves.cause.
namespace cause {
constexpr std::string_view kBegin = "begin";
constexpr std::string_view kResend = "resend";
constexpr std::string_view kNotSent = "not_sent";
constexpr std::string_view kFailed = "failed";
constexpr std::string_view kDead = "dead";
constexpr std::string_view kUnknown = "unknown";
}  // namespace cause

std::optional<Grant> findGrant(sqlite::Session& session, const Uuid& message) {
  sqlite::Rows rows = session.query(sql::kFindGrant, message);
  if (!rows.next()) return std::nullopt;
  const auto token = rows.bytes(3);
  return Grant{.message = rows.integer(0),
               .status = statusOf(rows.text(1)),
               .attempt = rows.integer(2),
               .token = {token.begin(), token.end()},
               .provider = std::string(rows.text(4)),
               .settled_attempts = rows.integer(5)};
}

/// Whoever held the message is lost. What became of it stands in the history as unknown, and as given up if nobody
/// tries again.
void keepLost(sqlite::Session& session, const Grant& last, bool again, WallTime now) {
  session.execute(sql::kInsertAttempt, last.message, last.attempt, last.token, word(AttemptOutcome::Unknown),
                  word(again ? AttemptEnd::Open : AttemptEnd::Dead), last.provider, "", 0, store::kWorkerLost,
                  column(now), 0, "{}");
}

BeginResult beginOne(sqlite::Session& session, const Intent& intent, WallTime now) {
  const auto last = findGrant(session, intent.message);
  if (!last) return {};
  const bool lost = last->status == MessageStatus::Sending && last->attempt < std::int64_t{intent.attempt};
  const bool granted = session.execute(sql::kGrantAttempt, intent.message, std::int64_t{intent.attempt},
                                       store::column(intent.token), intent.resend ? cause::kResend : cause::kBegin,
                                       std::int64_t{intent.replayed_after}, intent.provider) != 0;
  if (lost) keepLost(session, *last, granted, now);
  if (granted) {
    const std::int64_t settled = std::max(last->settled_attempts, std::int64_t{intent.replayed_after});
    const bool open = last->status == MessageStatus::Sending || last->status == MessageStatus::Unknown;
    return {true, MessageStatus::Sending, open && last->attempt > settled};
  }
  if (!lost) return {false, last->status};
  session.execute(sql::kDoubtMessage, last->message);
  return {false, MessageStatus::Unknown};
}

}  // namespace

std::vector<BeginResult> begin(sqlite::Session& session, std::span<const Intent> intents, WallTime now) {
  std::vector<BeginResult> results;
  results.reserve(intents.size());
  for (const Intent& intent : intents) results.push_back(beginOne(session, intent, now));
  return results;
}

void Recording::record(std::span<const Attempt> attempts) {
  for (const Attempt& attempt : attempts) record(attempt);
}

void Recording::record(const Attempt& attempt) {
  const auto last = findGrant(session_, attempt.message);
  if (!last || !keep(last->message, attempt)) {
    ++repeated_;
    return;
  }
  ++kept_[static_cast<std::size_t>(attempt.outcome)];
  if (attempt.outcome == AttemptOutcome::Sent)
    sent(last->message, attempt);
  else
    conclude(*last, attempt);
}

bool Recording::keep(std::int64_t message, const Attempt& attempt) {
  return session_.execute(sql::kInsertAttempt, message, std::int64_t{attempt.number}, store::column(attempt.token),
                          word(attempt.outcome), word(attempt.end), attempt.provider, attempt.provider_message_id,
                          std::int64_t{attempt.http_status}, store::shortened(attempt.error),
                          column(attempt.started_at), attempt.latency.count(), store::waitsColumn(attempt.waits)) != 0;
}

void Recording::sent(std::int64_t message, const Attempt& attempt) {
  const WallTime sent_at = attempt.started_at + attempt.latency;
  if (session_.execute(sql::kRecordSent, message, attempt.provider, attempt.provider_message_id, column(sent_at)) == 0)
    return;
  session_.execute(sql::kAddToCount, kSentCount, 1);
  if (!attempt.provider_message_id.empty())
    reports_.applyWaiting(message, attempt.provider, attempt.provider_message_id);
}

void Recording::conclude(const Grant& last, const Attempt& attempt) {
  const auto token = store::column(attempt.token);
  std::int64_t settled = last.settled_attempts;
  if (attempt.earlier_not_sent && last.attempt == std::int64_t{attempt.number} && std::ranges::equal(last.token, token))
    settled = std::max(settled, std::int64_t{attempt.number} - 1);
  MessageStatus target = MessageStatus::Accepted;
  std::string_view why = cause::kNotSent;
  if (attempt.outcome == AttemptOutcome::Unknown || session_.query(sql::kFindDoubt, last.message, settled).next()) {
    target = MessageStatus::Unknown;
    why = cause::kUnknown;
  } else if (const AttemptEnd end = ending(last, attempt); end == AttemptEnd::Failed) {
    target = MessageStatus::Failed;
    why = cause::kFailed;
  } else if (end == AttemptEnd::Dead) {
    target = MessageStatus::Dead;
    why = cause::kDead;
  }
  session_.execute(sql::kConcludeAttempt, last.message, std::int64_t{attempt.number}, token, why, word(target),
                   settled);
}

/// A message that is known again is as its last attempt left it.
AttemptEnd Recording::ending(const Grant& last, const Attempt& attempt) {
  if (last.status != MessageStatus::Unknown) return attempt.end;
  sqlite::Rows rows =
      session_.query(sql::kLastEnding, last.message, std::int64_t{attempt.number}, store::column(attempt.token));
  return rows.next() ? endOf(rows.text(0)) : attempt.end;
}

}  // namespace penstock::sqlite_store
