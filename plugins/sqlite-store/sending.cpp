#include "sqlite-store/sending.h"

#include <optional>
#include <string_view>
#include <vector>

#include "shared/store/columns.h"
#include "sqlite-store/rows.h"
#include "sqlite-store/sql.h"

namespace penstock::sqlite_store {

namespace {

constexpr std::string_view kSentCount = "sent";

// Words of status_moves.cause.
namespace cause {
constexpr std::string_view kBegin = "begin";
constexpr std::string_view kResend = "resend";
constexpr std::string_view kNotSent = "not_sent";
constexpr std::string_view kFailed = "failed";
constexpr std::string_view kDead = "dead";
constexpr std::string_view kUnknown = "unknown";
}  // namespace cause

/// The message's last grant.
struct Grant {
  std::int64_t message = 0;
  MessageStatus status = MessageStatus::Accepted;
  std::int64_t attempt = 0;
  std::vector<std::uint8_t> token;
};

std::optional<Grant> findGrant(sqlite::Session& session, const Uuid& message) {
  sqlite::Rows rows = session.query(sql::kFindGrant, message);
  if (!rows.next()) return std::nullopt;
  const auto token = rows.bytes(3);
  return Grant{rows.integer(0), statusOf(rows.text(1)), rows.integer(2), {token.begin(), token.end()}};
}

BeginResult beginOne(sqlite::Session& session, const Intent& intent, WallTime now) {
  const auto last = findGrant(session, intent.message);
  if (!last) return {};
  const bool lost = last->status == MessageStatus::Sending && last->attempt < std::int64_t{intent.attempt};
  if (lost)
    session.execute(sql::kInsertAttempt, last->message, last->attempt, last->token, word(AttemptOutcome::Unknown),
                    word(AttemptEnd::Open), intent.provider, "", 0, store::kWorkerLost, column(now), 0, "{}");
  const std::int64_t granted =
      session.execute(sql::kGrantAttempt, intent.message, std::int64_t{intent.attempt}, store::column(intent.token),
                      intent.resend ? cause::kResend : cause::kBegin, std::int64_t{intent.replayed_after});
  if (granted != 0) return {true, MessageStatus::Sending};
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
  std::int64_t message = 0;
  {
    sqlite::Rows rows = session_.query(sql::kFindMessage, attempt.message);
    if (rows.next()) message = rows.integer(0);
  }
  if (message == 0 || !keep(message, attempt)) {
    ++repeated_;
    return;
  }
  ++kept_[static_cast<std::size_t>(attempt.outcome)];
  if (attempt.outcome == AttemptOutcome::Sent)
    sent(message, attempt);
  else
    conclude(message, attempt);
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

void Recording::conclude(std::int64_t message, const Attempt& attempt) {
  MessageStatus target = MessageStatus::Accepted;
  std::string_view why = cause::kNotSent;
  if (attempt.outcome == AttemptOutcome::Unknown) {
    target = MessageStatus::Unknown;
    why = cause::kUnknown;
  } else if (attempt.end == AttemptEnd::Failed) {
    target = MessageStatus::Failed;
    why = cause::kFailed;
  } else if (attempt.end == AttemptEnd::Dead) {
    target = MessageStatus::Dead;
    why = cause::kDead;
  }
  session_.execute(sql::kConcludeAttempt, message, std::int64_t{attempt.number}, store::column(attempt.token), why,
                   word(target));
}

}  // namespace penstock::sqlite_store
