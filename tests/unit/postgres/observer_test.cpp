#include "shared/postgres/observer.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "support/captured_log.h"
#include "support/postgres_database.h"
#include "support/recorded_metrics.h"

namespace penstock::postgres {
namespace {

struct Scene {
  std::string url = test::emptyDatabase();
  test::CapturedLog log{"observer"};
  test::RecordedMetrics registry;
  DatabaseMetrics metrics{registry, "pg_queue"};
  Session session{test::sessionOptions(url)};

  double oldest() { return registry.value(R"(penstock_database_oldest_transaction_seconds{engine="pg_queue"})"); }
};

TEST(Observer, NamesATransactionThatStaysOpenOnceAndItsEnd) {
  Scene scene;
  Observer observer(scene.log.log(), scene.metrics, "queue", Duration::zero());
  observer.look(scene.session);
  EXPECT_EQ(scene.oldest(), 0);
  {
    Session other(test::sessionOptions(scene.url));
    other.script("SET application_name = 'nightly report'; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
    auto pid = other.query("SELECT pg_backend_pid()");
    ASSERT_TRUE(pid.next());
    observer.look(scene.session);
    observer.look(scene.session);
    EXPECT_GT(scene.oldest(), 0);
    ASSERT_EQ(scene.log.count("queue.transaction_held"), 1u);
    const Poco::Message line = scene.log.lines().back();
    EXPECT_EQ(line.get("application", ""), "nightly report");
    EXPECT_EQ(line.get("pid", ""), std::to_string(pid.integer(0)));
    EXPECT_EQ(line.get("state", ""), "idle in transaction");
    EXPECT_EQ(scene.log.count("queue.transaction_ended"), 0u);
    other.script("ROLLBACK");
  }
  observer.look(scene.session);
  EXPECT_EQ(scene.oldest(), 0);
  EXPECT_EQ(scene.log.count("queue.transaction_ended"), 1u);
}

TEST(Observer, ATransactionOfUsualLengthIsOnlyMeasured) {
  Scene scene;
  Observer observer(scene.log.log(), scene.metrics, "queue");
  Session other(test::sessionOptions(scene.url));
  other.script("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
  observer.look(scene.session);
  EXPECT_GT(scene.oldest(), 0);
  EXPECT_EQ(scene.log.count("queue.transaction_held"), 0u);
}

TEST(Observer, CountsDeadRowsOfItsOwnTables) {
  Scene scene;
  scene.session.script(
      "CREATE SCHEMA penstock; CREATE TABLE penstock.queue_delayed (a int) WITH (autovacuum_enabled = false); "
      "CREATE TABLE penstock.messages (a int) WITH (autovacuum_enabled = false); "
      "INSERT INTO penstock.queue_delayed SELECT generate_series(1, 40); DELETE FROM penstock.queue_delayed; "
      "INSERT INTO penstock.messages SELECT 1; DELETE FROM penstock.messages");
  scene.session.script("SELECT pg_stat_force_next_flush()");
  Observer observer(scene.log.log(), scene.metrics, "queue");
  observer.look(scene.session);
  EXPECT_EQ(scene.registry.value(R"(penstock_database_dead_rows{engine="pg_queue",table="queue_delayed"})"), 40);
  EXPECT_THROW(scene.registry.value(R"(penstock_database_dead_rows{engine="pg_queue",table="messages"})"),
               std::out_of_range);
}

}  // namespace
}  // namespace penstock::postgres
