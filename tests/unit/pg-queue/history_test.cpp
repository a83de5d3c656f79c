#include <gtest/gtest.h>

#include <future>
#include <string>
#include <utility>
#include <vector>

#include "penstock/queue.h"
#include "support/plugin_fixture.h"
#include "support/postgres_database.h"
#include "unit/pg-queue/outbox_fixture.h"

// After a standby was promoted that had not got everything, what a process remembers is of another history: it must
// neither hand it out nor say of it how far it had come.
namespace penstock::pg_queue {
namespace {

using namespace std::chrono_literals;

/// One of the processes that share a queue.
class Process {
public:
  explicit Process(const std::string& url)
      : plugin_(PENSTOCK_QUEUE_PLUGIN,
                {{"pg.url", url}, {"attend", "500ms"}, {"patience", "1s"}, {"outbox.enabled", "false"}},
                PENSTOCK_MIGRATIONS) {
    plugin_.start();
  }

  void publish(int first, int last) {
    for (int number = first; number <= last; ++number) {
      const std::string body = std::to_string(number);
      Event event;
      event.id = Uuid::make(plugin_.clock.wall());
      event.customer = "default";
      event.key = Digest128::of({"key", body});
      event.fingerprint = Digest128::of({"fingerprint", body});
      event.conversation = "sms:" + body;
      event.content.body = body;
      std::promise<PublishVerdict> verdict;
      queue().publish(std::move(event), [&](const PublishResult& result) { verdict.set_value(result.verdict); });
      ASSERT_EQ(verdict.get_future().get(), PublishVerdict::Accepted);
    }
  }

  /// So many of those that are handed out from now on. Who was taken away by a promotion is believed to live until its
  /// time is over, which is the database's.
  std::vector<Delivery> receive(std::size_t count) {
    std::vector<Delivery> deliveries;
    test::until([&] {
      for (Delivery& delivery : queue().receive(count, 1min, 0s, {})) deliveries.push_back(std::move(delivery));
      if (deliveries.size() < count) plugin_.clock.advance(500ms);
      return deliveries.size() >= count;
    });
    return deliveries;
  }

  SettleVerdict settle(const Delivery& delivery) {
    return queue().settle(std::vector<Settlement>{{delivery.token, Done{}}}).front();
  }

  /// The bodies of so many that are handed out and done.
  std::vector<std::string> finish(std::size_t count) {
    std::vector<std::string> bodies;
    for (const Delivery& delivery : receive(count)) {
      EXPECT_EQ(settle(delivery), SettleVerdict::Settled);
      bodies.push_back(delivery.event.content.body);
    }
    return bodies;
  }

  /// Nobody asks it for events for so long that it hands nothing out any more.
  void idle() {
    plugin_.clock.advance(1min);
    test::until([&] { return partitions() == 0; });
  }

  double partitions() { return plugin_.metrics.value("penstock_queue_partitions{engine=\"pg_queue\"}"); }

private:
  Queue& queue() { return plugin_.get<Queue>(); }

  test::PluginFixture plugin_;
};

class History : public testing::Test {
protected:
  /// The server goes on as a standby that had got the first so many events.
  void promoteWith(int events) {
    const std::string most = std::to_string(events);
    for (const std::string table : {"events", "keys"})
      session_.script("DELETE FROM penstock.queue_" + table + "_0 WHERE sequence > " + most);
    for (const std::string table : {"handed", "settled"})
      session_.script("DELETE FROM penstock.queue_" + table + "_0 WHERE sequences[1] > " + most);
    for (const std::string table : {"consumers", "partitions"})
      session_.script("UPDATE penstock.queue_" + table + " SET floor = " + most + " WHERE floor > " + most);
    session_.script(
        "CREATE OR REPLACE FUNCTION penstock.queue_timeline() RETURNS text LANGUAGE sql AS $$ SELECT '0000ABCD' $$");
  }

  const std::string url_ = test::migratedDatabase(PENSTOCK_MIGRATIONS);
  postgres::Session session_{test::sessionOptions(url_)};
};

TEST_F(History, WhoLeavesSaysNothingOfAnother) {
  Process process(url_);
  process.publish(1, 5);
  ASSERT_EQ(process.finish(5).size(), 5U);
  process.publish(6, 10);
  ASSERT_EQ(process.finish(5).size(), 5U);
  ASSERT_EQ(process.partitions(), 64);
  promoteWith(5);
  process.idle();
  auto rows = session_.query("SELECT count(*) FROM penstock.queue_consumers");
  rows.next();
  ASSERT_EQ(rows.integer(0), 1) << "it has joined again instead";
  process.publish(11, 13);
  EXPECT_EQ(process.finish(3), (std::vector<std::string>{"11", "12", "13"}));
}

TEST_F(History, WhatWasHandedOutInAnotherSettlesNothing) {
  Process before(url_);
  before.publish(1, 1);
  const std::vector<Delivery> lost = before.receive(1);
  ASSERT_EQ(lost.size(), 1U);
  promoteWith(0);
  // The standby did not even get that this process has joined, so another one is given its number.
  session_.script(
      "DELETE FROM penstock.queue_consumers;"
      "ALTER TABLE penstock.queue_consumers ALTER COLUMN consumer RESTART");
  Process after(url_);
  after.publish(2, 2);
  const std::vector<Delivery> now = after.receive(1);
  ASSERT_EQ(now.size(), 1U);
  ASSERT_EQ(now.front().token.words[1], lost.front().token.words[1]) << "it is in the place of the other";
  ASSERT_EQ(now.front().token.words[0] >> 36, lost.front().token.words[0] >> 36) << "by a consumer with its number";
  EXPECT_EQ(before.settle(lost.front()), SettleVerdict::LeaseLost);
  EXPECT_EQ(after.settle(now.front()), SettleVerdict::Settled);
}

class OutboxHistory : public testing::Test {
protected:
  test::OutboxDatabase database;
  test::Mover mover{database};
};

TEST_F(OutboxHistory, ADraftThatGotTheNumberOfALostOneIsNotTakenForIt) {
  bool promoted = false;
  const auto usual = mover.plugin.policy.on_admit;
  mover.plugin.policy.on_admit = [&](const Draft& draft) {
    if (!std::exchange(promoted, true)) {
      postgres::Session session(database.options());
      session.script("DELETE FROM penstock.outbox; ALTER TABLE penstock.outbox ALTER COLUMN number RESTART;" +
                     test::OutboxDatabase::enqueue("new"));
    }
    return usual(draft);
  };
  database.script(test::OutboxDatabase::enqueue("lost"));
  mover.start();
  EXPECT_EQ(mover.bodies(1), std::vector<std::string>{"new"});
  test::until([&] { return mover.moved("accepted") == 1; });
  EXPECT_EQ(database.left(), 0);
}

TEST_F(OutboxHistory, ATransactionWhoseNumberWasSeenBeforeIsFoundOnNewSessions) {
  mover.start();
  database.script(test::OutboxDatabase::enqueue("before"));
  ASSERT_EQ(mover.bodies(1), std::vector<std::string>{"before"});
  // A server that had lost some would give such a number.
  database.script("BEGIN;" + test::OutboxDatabase::enqueue("after") +
                  "UPDATE penstock.outbox SET tx = tx - 100; COMMIT");
  database.script(
      "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
      " WHERE datname = current_database() AND pid <> pg_backend_pid()");
  EXPECT_EQ(mover.bodies(1), std::vector<std::string>{"after"});
}

}  // namespace
}  // namespace penstock::pg_queue
