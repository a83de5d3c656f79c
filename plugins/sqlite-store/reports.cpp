#include "sqlite-store/reports.h"

#include <vector>

#include "shared/store/columns.h"
#include "sqlite-store/sql.h"

namespace penstock::sqlite_store {

namespace {

constexpr std::string_view kWaitingCount = "unmatched_reports";

}  // namespace

std::optional<StoredMessage> Reports::take(const Event& event) {
  const Content& report = event.content;
  const auto status = store::reportable(report.status);
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
