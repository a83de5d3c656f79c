#include "shared/postgres/session.h"

#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <signal.h>

#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/postgres_database.h"

namespace penstock::postgres {
namespace {

class SessionCase : public testing::Test {
protected:
  const std::string url = test::emptyDatabase();
  Session session{test::sessionOptions(url)};
};

TEST_F(SessionCase, ValuesOfEveryTypeComeBackAsTheyWent) {
  const Uuid id = Uuid::make(WallTime{});
  const WallTime time{Duration(1'772'323'200'123'456)};
  const std::vector<std::uint8_t> bytes{0, 255, 39, 92};
  Rows rows =
      session.query("SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10", true, std::int16_t{-7}, std::int32_t{-70000},
                    std::numeric_limits<std::int64_t>::min(), 0.1, std::string_view("'\u00fc\\"), id, time,
                    std::span<const std::uint8_t>(bytes), std::optional<std::string_view>());
  ASSERT_TRUE(rows.next());
  EXPECT_TRUE(rows.boolean(0));
  EXPECT_EQ(rows.integer(1), -7);
  EXPECT_EQ(rows.integer(2), -70000);
  EXPECT_EQ(rows.integer(3), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(rows.real(4), 0.1);
  EXPECT_EQ(rows.text(5), "'\u00fc\\");
  EXPECT_EQ(rows.identity<Uuid>(6), id);
  EXPECT_EQ(rows.time(7), time);
  EXPECT_EQ(std::vector(rows.bytes(8).begin(), rows.bytes(8).end()), bytes);
  EXPECT_TRUE(rows.isNull(9));
  EXPECT_FALSE(rows.next());
  EXPECT_THROW(static_cast<void>(rows.boolean(9)), std::logic_error);
}

TEST_F(SessionCase, ArraysOfEveryTypeArriveInOrder) {
  Array<std::string_view> texts;
  Array<std::int64_t> numbers;
  Array<WallTime> times;
  Array<std::string_view> none;
  for (int i = 0; i < 3; ++i) {
    texts.add(std::to_string(i));
    numbers.add(i);
    times.add(WallTime(Duration(i)));
  }
  Parameters parameters;
  parameters.add(texts).add(numbers).add(times).add(none);
  Rows rows = session.run(
      "SELECT t, n, w, cardinality($4::text[]) FROM unnest($1::text[], $2::bigint[], $3::timestamptz[]) AS u (t, n, w)",
      parameters);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.text(0), std::to_string(i));
    EXPECT_EQ(rows.integer(1), i);
    EXPECT_EQ(rows.time(2), WallTime(Duration(i)));
    EXPECT_EQ(rows.integer(3), 0);
  }
}

TEST_F(SessionCase, ATextWithAZeroByteIsRefusedAndTheSessionGoesOn) {
  try {
    session.query("SELECT $1", std::string_view("a\0b", 3));
    FAIL();
  } catch (const Fault& fault) {
    EXPECT_EQ(fault.kind, FaultClass::Never);
  }
  EXPECT_TRUE(session.query("SELECT 1").next());
}

TEST_F(SessionCase, TheServerIsToldTheTimeoutsAndTheZone) {
  Rows rows = session.query(
      "SELECT current_setting('statement_timeout'), current_setting('lock_timeout'), "
      "current_setting('idle_in_transaction_session_timeout'), current_setting('TimeZone'), "
      "current_setting('client_encoding'), current_setting('application_name')");
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.text(0), "30s");
  EXPECT_EQ(rows.text(1), "5s");
  EXPECT_EQ(rows.text(2), "30s");
  EXPECT_EQ(rows.text(3), "UTC");
  EXPECT_EQ(rows.text(4), "UTF8");
  EXPECT_EQ(rows.text(5), "penstock");
}

TEST_F(SessionCase, WhatIsAnsweredIsOnDiskAlsoForARoleThatIsSetUpForSpeed) {
  constexpr std::string_view kAsked = "SELECT current_setting('synchronous_commit')";
  for (const auto& [set_up, expected] : {std::pair("off", "local"), std::pair("remote_apply", "remote_apply")}) {
    session.script("DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET synchronous_commit = " +
                   std::string(set_up) + "'; END $$");
    Session fresh(test::sessionOptions(url));
    Rows rows = fresh.query(kAsked);
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.text(0), expected);
  }
}

TEST_F(SessionCase, ASessionThatTheServerEndedIsNoLongerUsable) {
  Session other(test::sessionOptions(url));
  other.query("SELECT pg_terminate_backend($1)", std::int32_t{PQbackendPID(session.handle())});
  try {
    // The end may arrive before or after the statement has gone out.
    for (;;) session.query("SELECT 1");
  } catch (const Fault& fault) {
    EXPECT_EQ(fault.kind, FaultClass::Reconnect);
  }
  EXPECT_FALSE(session.usable());
  EXPECT_THROW(session.query("SELECT 1"), Fault);
}

TEST_F(SessionCase, AnotherSessionsNotificationIsHeard) {
  session.script("LISTEN news");
  Session other(test::sessionOptions(url));
  other.script("NOTIFY news, 'today'");
  const auto heard = session.await(std::chrono::seconds(30));
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard.front().channel, "news");
  EXPECT_EQ(heard.front().payload, "today");
  EXPECT_TRUE(session.await(std::chrono::milliseconds(1)).empty());
}

TEST_F(SessionCase, ATransactionThatIsNotCommittedLeavesNothing) {
  session.script("CREATE TABLE t (a int)");
  {
    const Transaction transaction(session);
    session.execute("INSERT INTO t VALUES (1)");
  }
  EXPECT_FALSE(session.query("SELECT FROM t").next());
  Transaction transaction(session);
  session.execute("INSERT INTO t VALUES (1)");
  transaction.commit();
  EXPECT_TRUE(session.query("SELECT FROM t").next());
}

TEST_F(SessionCase, AServerThatStaysSilentBeyondItsTimeIsLost) {
  postgres::SessionOptions options = test::sessionOptions(url);
  options.statement_timeout = std::chrono::milliseconds(100);
  Session silent(options);
  const pid_t server = PQbackendPID(silent.handle());
  ASSERT_EQ(::kill(server, SIGSTOP), 0);
  try {
    silent.query("SELECT 1");
    ADD_FAILURE();
  } catch (const Fault& fault) {
    EXPECT_EQ(fault.sqlstate, kSilent);
    EXPECT_EQ(fault.kind, FaultClass::Reconnect);
  }
  ::kill(server, SIGCONT);
  EXPECT_FALSE(silent.usable());
}

TEST_F(SessionCase, AStatementThatTakesTooLongEndsAndIsShed) {
  session.script("SET statement_timeout = 10");
  try {
    session.query("SELECT pg_sleep(60)");
    FAIL();
  } catch (const Fault& fault) {
    EXPECT_EQ(fault.sqlstate, "57014");
    EXPECT_EQ(fault.kind, FaultClass::Shed);
  }
  EXPECT_TRUE(session.usable());
}

}  // namespace
}  // namespace penstock::postgres
