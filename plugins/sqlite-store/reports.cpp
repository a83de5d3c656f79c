#include "sqlite-store/reports.h"

#include <vector>

#include "shared/store/columns.h"
#include "sqlite-store/sql.h"

namespace penstock::sqlite_store {

std::optional<StoredMessage> Reports::take(const Event& event) {
  const Content& report = event.content;
  const auto status = store::reportable(report.status);
  if (report.message_id && status)
    if (auto own = takeOwn(report, *status)) return own;
  std::optional<StoredMessage> message;
  if (!report.provider_message_id.empty()) {
    sqlite::Rows rows = session_.query(sql::kFindOutbound, report.provider, report.provider_message_id);
    if (rows.next()) message = storedMessage(rows);
  }
  if (!status || report.provider_message_id.empty()) {
    ++tally_.unreadable;
  } else if (!message) {
    keep(report, *status);
  } else if (move(message->seq, *status)) {
    message->status = *status;
  }
  return message;
}

std::optional<StoredMessage> Reports::takeOwn(const Content& report, MessageStatus status) {
  StoredMessage message;
  bool sent_before = false;
  bool named_before = false;
  {
    sqlite::Rows rows = session_.query(sql::kFindReported, *report.message_id, report.provider,
                                       report.provider_message_id, word(status));
    if (!rows.next()) return std::nullopt;
    message = storedMessage(rows);
    sent_before = rows.integer(4) == 0;
    named_before = !rows.text(5).empty();
  }
  if (!move(message.seq, status)) return message;
  message.status = status;
  if (sent_before && named_before) return message;
  session_.execute(sql::kTakeOverReport, message.seq, report.provider, report.provider_message_id, column(now_));
  if (!sent_before && status != MessageStatus::Failed) session_.execute(sql::kAddToCount, kSentCount, 1);
  return message;
}

bool Reports::move(std::int64_t message, MessageStatus status) {
  const bool moved = session_.execute(sql::kReportStatus, message, word(status)) != 0;
  ++(moved ? tally_.applied : tally_.stale);
  return moved;
}

void Reports::keep(const Content& report, MessageStatus status) {
  const std::int64_t kept =
      session_.execute(sql::kKeepReport, report.provider, report.provider_message_id, word(status), column(now_));
  ++(kept != 0 ? tally_.kept : tally_.stale);
  const std::int64_t old = session_.execute(sql::kForgetOldReports, column(now_ - settings_.report_retention));
  session_.execute(sql::kAddToCount, kWaitingCount, kept - old);
  const std::int64_t surplus = session_.execute(sql::kForgetOldestReports, settings_.max_reports);
  if (surplus != 0) session_.execute(sql::kAddToCount, kWaitingCount, -surplus);
}

void Reports::applyWaiting(std::int64_t message, std::string_view provider, std::string_view provider_message_id) {
  std::vector<MessageStatus> waiting;
  {
    sqlite::Rows rows = session_.query(sql::kWaitingReports, provider, provider_message_id);
    while (rows.next()) waiting.push_back(statusOf(rows.text(0)));
  }
  if (waiting.empty()) return;
  for (const MessageStatus status : waiting) move(message, status);
  const std::int64_t gone = session_.execute(sql::kForgetReports, provider, provider_message_id);
  session_.execute(sql::kAddToCount, kWaitingCount, -gone);
}

}  // namespace penstock::sqlite_store
