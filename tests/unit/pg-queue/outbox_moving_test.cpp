#include <gmock/gmock.h>

#include <map>
#include <set>

#include "unit/pg-queue/outbox_fixture.h"

namespace penstock::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class OutboxMoving : public testing::Test {
protected:
  static std::string enqueue(const std::string& body) { return OutboxDatabase::enqueue(body); }

  OutboxDatabase database;
  Mover mover{database};
};

TEST_F(OutboxMoving, WhatIsCommittedIsHandedOutUnderTheIdThatTheApplicationGot) {
  mover.start();
  const Uuid id = database.enqueued("hello");
  const std::vector<Event> events = mover.receive(1);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].id, id);
  EXPECT_EQ(events[0].content.body, "hello");
  EXPECT_EQ(database.left(), 0);
  until([&] { return mover.moved("accepted") == 1; });
}

TEST_F(OutboxMoving, WhoMovesAndWhoKeepsTheConnectionHaveHeartbeatsThatGoOn) {
  mover.start();
  for (const std::string loop : {"pg_queue outbox", "pg-queue.keeper"}) {
    const std::uint64_t before = mover.plugin.board.ticks(loop);
    until([&] { return mover.plugin.board.ticks(loop) > before + 1; });
  }
}

TEST_F(OutboxMoving, AnIdSortsByItsTime) {
  const auto before = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const Uuid id = database.enqueued("one");
  const Uuid later = database.enqueued("two");
  std::int64_t milliseconds = 0;
  for (std::size_t i = 0; i < 6; ++i) milliseconds = milliseconds << 8 | id.bytes[i];
  EXPECT_GE(milliseconds, before.time_since_epoch().count());
  EXPECT_LT(milliseconds, before.time_since_epoch().count() + 10'000);
  EXPECT_EQ(id.bytes[6] >> 4, 7);
  EXPECT_EQ(id.bytes[8] >> 6, 2);
  EXPECT_LT(id, later);
}

TEST_F(OutboxMoving, WhatIsRolledBackWasNeverThere) {
  mover.start();
  database.script("BEGIN;" + enqueue("undone") + "ROLLBACK;");
  database.script(enqueue("done"));
  EXPECT_THAT(mover.bodies(1), ElementsAre("done"));
  until([&] { return mover.moved("accepted") == 1; });
}

TEST_F(OutboxMoving, ATransactionThatStaysOpenHoldsNobodyUpAndIsMovedOnceItCommits) {
  mover.start();
  postgres::Session slow(database.options());
  slow.script("BEGIN;" + enqueue("late"));
  for (const std::string body : {"first", "second", "third"}) {
    database.script(enqueue(body));
    EXPECT_THAT(mover.bodies(1), ElementsAre(body));
  }
  slow.script("COMMIT");
  EXPECT_THAT(mover.bodies(1), ElementsAre("late"));
}

TEST_F(OutboxMoving, WhatASessionCommitsLateComesBeforeWhatItCommitsNext) {
  mover.start();
  postgres::Session slow(database.options());
  for (int round = 0; round < 20; ++round) {
    slow.script("BEGIN;" + enqueue("late") + enqueue("later"));
    database.script(enqueue("other"));
    ASSERT_THAT(mover.bodies(1), ElementsAre("other"));
    slow.script("COMMIT;" + enqueue("next"));
    ASSERT_THAT(mover.bodies(3), ElementsAre("late", "later", "next"));
  }
}

TEST_F(OutboxMoving, ALateTransactionLargerThanABatchKeepsItsOrder) {
  Mover small(database, {{"outbox.batch", "3"}});
  small.start();
  postgres::Session slow(database.options());
  slow.script("BEGIN;");
  std::vector<std::string> expected;
  for (int i = 0; i < 20; ++i) {
    expected.push_back("late " + std::to_string(i));
    slow.script(enqueue(expected.back()));
  }
  database.script(enqueue("other"));
  ASSERT_THAT(small.bodies(1), ElementsAre("other"));
  slow.script("COMMIT");
  EXPECT_EQ(small.bodies(20), expected);
}

#define OF_INDEX(column) \
  "SELECT " column "::bigint FROM pg_stat_user_indexes WHERE indexrelname = 'outbox_by_transaction'"

TEST_F(OutboxMoving, RowsThatCannotBeVacuumedYetAreNotPassedAgain) {
  mover.start();
  postgres::Session holder(database.options());
  holder.script("BEGIN ISOLATION LEVEL REPEATABLE READ;" + enqueue("held"));
  for (int round = 0; round < 5; ++round) {
    database.script(
        "SELECT penstock.enqueue('sms', '+15550100001', '+15550100002', 'b' || g) FROM generate_series(1, 1000) g;");
    ASSERT_EQ(mover.receive(1000).size(), 1000U);
  }
  // Each look would pass over the 5,000 that are gone; moving them reads some of them several times.
  until([&] { return database.number(OF_INDEX("idx_scan")) > 1000; });
  EXPECT_LT(database.number(OF_INDEX("idx_tup_read")), 400'000);
  holder.script("COMMIT");
  EXPECT_THAT(mover.bodies(1), ElementsAre("held"));
}

TEST_F(OutboxMoving, ADraftThatWasRestoredFromADumpIsMoved) {
  database.script(enqueue("restored") + "UPDATE penstock.outbox SET tx = 9000000000000000000");
  mover.start();
  EXPECT_THAT(mover.bodies(1), ElementsAre("restored"));
}

TEST_F(OutboxMoving, AnEqualDraftUnderTheSameKeyIsTheFirstMessage) {
  mover.start();
  const auto keyed = OutboxDatabase::enqueue("hello", "idempotency_key => 'one'");
  database.script(keyed);
  EXPECT_THAT(mover.bodies(1), ElementsAre("hello"));
  database.script(keyed + keyed);
  until([&] { return database.left() == 0; });
  database.script(enqueue("end"));
  EXPECT_THAT(mover.bodies(1), ElementsAre("end"));
  until([&] { return mover.moved("duplicate") == 2; });
  EXPECT_THAT(mover.dead().list({}, {}).items, IsEmpty());
}

TEST_F(OutboxMoving, AMessageHasTheTimeAtWhichItWasEnqueued) {
  const Uuid first = database.enqueued("same");
  const Uuid second = database.enqueued("same");
  database.script(
      "UPDATE penstock.outbox SET created_at = '2026-03-01T12:00:00.25Z' WHERE number = 1;"
      "UPDATE penstock.outbox SET created_at = '2026-03-01T12:00:05Z' WHERE number = 2;");
  mover.start();
  const std::vector<Event> events = mover.receive(2);
  ASSERT_EQ(events.size(), 2U) << "enqueued at different times they are two messages, although moved together";
  EXPECT_EQ(events[0].id, first);
  EXPECT_EQ(events[1].id, second);
  EXPECT_EQ(formatTime(events[0].content.timestamp), "2026-03-01T12:00:00.250Z");
}

TEST_F(OutboxMoving, AProcessThatIsToldNotToLeavesTheOutboxAlone) {
  Mover idle(database, {{"outbox.enabled", "false"}});
  idle.start();
  database.script(enqueue("hello"));
  EXPECT_THAT(idle.queue().receive(1, std::chrono::seconds(1), std::chrono::milliseconds(100), {}), IsEmpty());
  EXPECT_EQ(database.left(), 1);
}

TEST_F(OutboxMoving, TwoProcessesMoveEverythingOnceAndEachConversationInOrder) {
  Mover other(database, {{"outbox.batch", "7"}});
  other.start();
  mover.start();
  constexpr int kSessions = 4;
  constexpr int kEach = 250;
  std::vector<std::jthread> applications;
  for (int s = 0; s < kSessions; ++s)
    applications.emplace_back([this, s] {
      postgres::Session session(database.options());
      for (int i = 0; i < kEach; ++i)
        session.script("SELECT penstock.enqueue('sms', '+15550100001', '+1666000000" + std::to_string(s) + "', '" +
                       std::to_string(i) + "')");
    });
  std::map<std::string, std::vector<int>> seen;
  for (const Event& event : mover.receive(kSessions * kEach))
    seen[event.conversation].push_back(std::stoi(event.content.body));
  std::vector<int> expected;
  for (int i = 0; i < kEach; ++i) expected.push_back(i);
  ASSERT_EQ(seen.size(), std::size_t{kSessions});
  for (const auto& [conversation, numbers] : seen) EXPECT_EQ(numbers, expected) << conversation;
  until([&] { return mover.moved("accepted") + other.moved("accepted") == kSessions * kEach; });
  EXPECT_EQ(database.left(), 0);
}

}  // namespace
}  // namespace penstock::test
