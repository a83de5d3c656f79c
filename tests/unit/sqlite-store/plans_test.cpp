#include <gtest/gtest.h>
#include <sqlite3.h>

#include <string>
#include <vector>

#include "opened.h"
#include "shared/sqlite/migrations.h"
#include "sqlite-store/sql.h"
#include "support/temporary_folder.h"

namespace penstock::sqlite_store {
namespace {

struct Reading {
  std::string_view name;
  std::string_view sql;
};

class PlanCase : public testing::TestWithParam<Reading> {};

/// Every line of a statement's plan that is about one of the tables that grow.
std::vector<std::string> planOf(sqlite::Session& session, std::string_view sql) {
  const std::string text =
      "EXPLAIN QUERY PLAN " + std::string(sql.substr(0, 2) == "--" ? sql.substr(sql.find('\n')) : sql);
  sqlite::Statement statement(session.handle(), text);
  std::vector<std::string> lines;
  while (statement.step()) lines.emplace_back(statement.text(3));
  return lines;
}

TEST_P(PlanCase, NoStatementWalksATableThatGrows) {
  const test::TemporaryFolder folder;
  sqlite::Session session(sqlite::optionsFor((folder.path() / "a.db").string()));
  sqlite::migrate(session, std::string(PENSTOCK_MIGRATIONS) + "/sqlite", WallTime{});
  const auto plan = planOf(session, GetParam().sql);
  EXPECT_FALSE(plan.empty());
  for (const std::string& line : plan)
    EXPECT_TRUE(!line.starts_with("SCAN") || line == "SCAN page" || line == "SCAN CONSTANT ROW" ||
                line == "SCAN unmatched_reports USING COVERING INDEX unmatched_reports_by_age")
        << line;
}

TEST_P(PlanCase, NoStatementSortsMoreThanItsPage) {
  const test::TemporaryFolder folder;
  sqlite::Session session(sqlite::optionsFor((folder.path() / "a.db").string()));
  sqlite::migrate(session, std::string(PENSTOCK_MIGRATIONS) + "/sqlite", WallTime{});
  bool page = false;
  for (const std::string& line : planOf(session, GetParam().sql)) {
    page = page || line == "SCAN page";
    const bool sorts = line.find("TEMP B-TREE") != std::string::npos;
    EXPECT_TRUE(!sorts || page || GetParam().name == "attempts" || GetParam().name == "waiting_reports") << line;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Statements, PlanCase,
    testing::Values(Reading{"conversations", sql::kConversations},
                    Reading{"conversations_of_customer", sql::kConversationsOfCustomer},
                    Reading{"conversations_of_participant", sql::kConversationsOfParticipant},
                    Reading{"conversations_total", sql::kConversationsTotal}, Reading{"messages", sql::kMessages},
                    Reading{"messages_total", sql::kMessagesTotal}, Reading{"message", sql::kMessage},
                    Reading{"attempts", sql::kAttempts}, Reading{"sent", sql::kSent},
                    Reading{"sent_total", sql::kSentTotal}, Reading{"find_existing", sql::kFindExisting},
                    Reading{"find_key", sql::kFindKey}, Reading{"find_inbound", sql::kFindInbound},
                    Reading{"find_outbound", sql::kFindOutbound}, Reading{"find_conversation", sql::kFindConversation},
                    Reading{"find_grant", sql::kFindGrant}, Reading{"find_doubt", sql::kFindDoubt},
                    Reading{"last_ending", sql::kLastEnding}, Reading{"find_reported", sql::kFindReported},
                    Reading{"take_over_report", sql::kTakeOverReport}, Reading{"doubt_message", sql::kDoubtMessage},
                    Reading{"waiting_reports", sql::kWaitingReports}, Reading{"forget_reports", sql::kForgetReports},
                    Reading{"forget_old_reports", sql::kForgetOldReports},
                    Reading{"forget_oldest_reports", sql::kForgetOldestReports},
                    Reading{"forget_full_buckets", sql::kForgetFullBuckets},
                    Reading{"grant_attempt", sql::kGrantAttempt}, Reading{"record_sent", sql::kRecordSent},
                    Reading{"conclude_attempt", sql::kConcludeAttempt}, Reading{"report_status", sql::kReportStatus},
                    Reading{"get_value", sql::kGetValue}, Reading{"get_bucket", sql::kGetBucket}),
    [](const testing::TestParamInfo<Reading>& reading) { return std::string(reading.param.name); });

}  // namespace
}  // namespace penstock::sqlite_store
