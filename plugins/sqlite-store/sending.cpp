#include "sqlite-store/sending.h"

#include <string_view>

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
constexpr std::string_view kUnknown = "unknown";
}  // namespace cause

BeginResult beginOne(sqlite::Session& session, const Intent& intent) {
  const std::int64_t granted =
      session.execute(sql::kGrantAttempt, intent.message, std::int64_t{intent.attempt}, store::column(intent.token),
                      intent.resend ? cause::kResend : cause::kBegin);
  if (granted != 0) return {true, MessageStatus::Sending};
  sqlite::Rows rows = session.query(sql::kFindStatus, intent.message);
  return {false, rows.next() ? statusOf(rows.text(0)) : MessageStatus::Accepted};
}

}  // namespace

std::vector<BeginResult> begin(sqlite::Session& session, std::span<const Intent> intents) {
  std::vector<BeginResult> results;
  results.reserve(intents.size());
  for (const Intent& intent : intents) results.push_back(beginOne(session, intent));
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
                          word(attempt.outcome), std::int64_t{attempt.final_failure}, attempt.provider,
                          attempt.provider_message_id, std::int64_t{attempt.http_status},
                          store::shortened(attempt.error), column(attempt.started_at), attempt.latency.count(),
                          store::waitsColumn(attempt.waits)) != 0;
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
  } else if (attempt.final_failure) {
    target = MessageStatus::Failed;
    why = cause::kFailed;
  }
  session_.execute(sql::kConcludeAttempt, message, std::int64_t{attempt.number}, store::column(attempt.token), why,
                   word(target));
}

}  // namespace penstock::sqlite_store
