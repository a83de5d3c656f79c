#include <gmock/gmock.h>

#include <set>

#include "unit/pg-queue/outbox_fixture.h"

namespace penstock::test {
namespace {

using testing::ElementsAre;

class OutboxTrouble : public testing::Test {
protected:
  static std::string enqueue(const std::string& body) { return OutboxDatabase::enqueue(body); }
  /// What waits to be tried again is tried now.
  void hasten() { database.script("UPDATE penstock.outbox SET due_at = now() WHERE due_at IS NOT NULL"); }

  OutboxDatabase database;
  Mover mover{database};
};

TEST_F(OutboxTrouble, ADraftForWhichAScriptFailsWaitsAndHoldsNobodyUp) {
  mover.broken = true;
  database.script(enqueue("broken") + enqueue("good"));
  mover.start();
  EXPECT_THAT(mover.bodies(1), ElementsAre("good"));
  database.script(enqueue("broken"));
  until([&] { return database.number("SELECT count(*) FROM penstock.outbox WHERE due_at IS NOT NULL") == 2; });
  database.script(enqueue("better"));
  EXPECT_THAT(mover.bodies(1), ElementsAre("better"));
  EXPECT_GT(mover.plugin.metrics.value("penstock_outbox_oldest_age_seconds"), 0);
  mover.broken = false;
  hasten();
  EXPECT_THAT(mover.bodies(2), ElementsAre("broken", "broken"));
  EXPECT_EQ(mover.dead().list({}, {}).total, 0U);
  until([&] { return mover.plugin.metrics.value("penstock_outbox_oldest_age_seconds") == 0; });
}

TEST_F(OutboxTrouble, AnOutboxForWhichAllScriptsFailIsSaidOnce) {
  mover.broken = true;
  for (int i = 0; i < 20; ++i) database.script(enqueue("broken"));
  mover.start();
  until([&] { return database.number("SELECT count(*) FROM penstock.outbox WHERE due_at IS NOT NULL") == 20; });
  hasten();
  until([&] { return database.number("SELECT min(tries) FROM penstock.outbox") >= 2; });
  EXPECT_EQ(mover.plugin.log.count("outbox.postponed"), 1U);
}

TEST_F(OutboxTrouble, WhatAFullQueueDoesNotTakeStaysInOrder) {
  OutboxDatabase own;
  Mover small(own, {{"max_events", "10"}, {"outbox.batch", "7"}});
  std::vector<std::string> expected;
  for (int i = 0; i < 40; ++i) {
    expected.push_back(std::to_string(i));
    own.script(enqueue(expected.back()));
  }
  small.start();
  until([&] { return small.plugin.log.count("outbox.queue_full") == 1; });
  EXPECT_EQ(own.left(), 30);
  EXPECT_EQ(small.bodies(40), expected);
  EXPECT_EQ(own.left(), 0);
}

TEST_F(OutboxTrouble, ADraftThatSomebodyHasLockedIsMovedOnceItIsFree) {
  database.script(enqueue("locked") + enqueue("free"));
  postgres::Session operator_(database.options());
  operator_.script("BEGIN; SELECT 1 FROM penstock.outbox WHERE number = 1 FOR UPDATE");
  mover.start();
  EXPECT_THAT(mover.bodies(1), ElementsAre("free"));
  database.script(enqueue("also"));
  EXPECT_THAT(mover.bodies(1), ElementsAre("also"));
  operator_.script("ROLLBACK");
  EXPECT_THAT(mover.bodies(1), ElementsAre("locked"));
}

TEST_F(OutboxTrouble, ADraftThatTheDatabaseWillNotTakeWaitsAlone) {
  mover.start();
  database.script(enqueue("before"));
  ASSERT_THAT(mover.bodies(1), ElementsAre("before"));
  database.script("ALTER TABLE penstock.queue_events_0 ADD CONSTRAINT harmless CHECK (event NOT LIKE '%poison%')");
  std::string all;
  for (int i = 0; i < 10; ++i) all += enqueue(i == 4 ? "poison" : std::to_string(i));
  database.script(all);
  EXPECT_THAT(mover.bodies(9), ElementsAre("0", "1", "2", "3", "5", "6", "7", "8", "9"));
  until([&] { return database.number("SELECT count(*) FROM penstock.outbox WHERE due_at IS NOT NULL") == 1; });
  database.script("ALTER TABLE penstock.queue_events_0 DROP CONSTRAINT harmless");
  hasten();
  EXPECT_THAT(mover.bodies(1), ElementsAre("poison"));
}

TEST_F(OutboxTrouble, AProcessThatStandsStillHoldsNobodyUp) {
  // As one does that was stopped before its call: it has read, and holds nothing.
  Mover stopped(database);
  std::atomic<bool> reached{false};
  std::atomic<bool> resumed{false};
  const auto admit = stopped.plugin.policy.on_admit;
  stopped.plugin.policy.on_admit = [&](const Draft& draft) {
    reached = true;
    until([&] { return resumed.load(); });
    return admit(draft);
  };
  database.script(enqueue("hello"));
  stopped.start();
  until([&] { return reached.load(); });
  mover.start();
  EXPECT_THAT(mover.bodies(1), ElementsAre("hello"));
  resumed = true;
  database.script(enqueue("end"));
  EXPECT_THAT(mover.bodies(1), ElementsAre("end"));
  until([&] { return mover.moved("accepted") + stopped.moved("accepted") == 2; });
}

TEST_F(OutboxTrouble, EachIsMovedOnceHoweverOftenItsConnectionIsLost) {
  Mover shaken(database, {{"outbox.batch", "20"}, {"pg.reconnect.first", "10ms"}, {"pg.reconnect.longest", "20ms"}});
  constexpr int kAll = 2000;
  database.script(
      "SELECT penstock.enqueue('sms', '+15550100001', '+15550100002', g::text) FROM generate_series(1, 2000) g");
  shaken.start();
  for (std::int64_t left = kAll; left > 0; left = database.left()) {
    database.script(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%outbox_move%' AND pid <> "
        "pg_backend_pid()");
    until([&] { return database.left() < left; });
  }
  mover.start();
  std::multiset<int> seen;
  for (const Event& event : mover.receive(kAll)) seen.insert(std::stoi(event.content.body));
  EXPECT_EQ(seen.size(), std::size_t{kAll});
  EXPECT_EQ(std::set<int>(seen.begin(), seen.end()).size(), std::size_t{kAll});
  EXPECT_EQ(mover.queue().stats().ready, 0U);
}

}  // namespace
}  // namespace penstock::test
