#include "shared/postgres/pool.h"

#include <gtest/gtest.h>

#include <signal.h>

#include <thread>

#include "support/manual_clock.h"
#include "support/postgres_database.h"

namespace penstock::postgres {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Settings settingsOf(const std::string& url) {
  return {.session = test::sessionOptions(url),
          .reconnect = {milliseconds(100), seconds(2)},
          .connections = 2,
          .wait = seconds(5)};
}

TEST(Pool, AReturnedSessionIsUsedAgain) {
  test::ManualClock clock;
  Pool pool(settingsOf(test::emptyDatabase()), clock);
  const PGconn* first = pool.borrow().session().handle();
  EXPECT_EQ(pool.inUse(), 0u);
  Pool::Loan again = pool.borrow();
  EXPECT_EQ(again.session().handle(), first);
  EXPECT_EQ(pool.inUse(), 1u);
}

TEST(Pool, ALostSessionIsReplaced) {
  test::ManualClock clock;
  const std::string url = test::emptyDatabase();
  Pool pool(settingsOf(url), clock);
  {
    Pool::Loan loan = pool.borrow();
    Pool::Loan other = pool.borrow();
    const auto pid = other.session().query("SELECT pg_backend_pid()");
    loan.session().script(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()");
  }
  Pool::Loan one = pool.borrow();
  Pool::Loan two = pool.borrow();
  EXPECT_TRUE(one.session().query("SELECT 1").next());
  EXPECT_TRUE(two.session().query("SELECT 1").next());
}

TEST(Pool, WithoutAFreeSessionACallWaitsItsTimeAndFails) {
  test::ManualClock clock;
  Pool pool(settingsOf(test::emptyDatabase()), clock);
  Pool::Loan one = pool.borrow();
  Pool::Loan two = pool.borrow();
  std::jthread waiting([&] {
    try {
      pool.borrow();
      ADD_FAILURE();
    } catch (const Fault& fault) {
      EXPECT_EQ(fault.kind, FaultClass::Shed);
    }
  });
  clock.awaitWaiting(1);
  clock.advance(seconds(5));
}

TEST(Pool, WhileTheServerIsAwayOnlyOneCallInAWhileTries) {
  test::ManualClock clock;
  Pool pool(settingsOf("host=/nowhere-at-all dbname=x user=y"), clock);
  for (int i = 0; i < 100; ++i) EXPECT_THROW(pool.borrow(), Fault);
  EXPECT_EQ(pool.attempts(), 1u);
  clock.advance(seconds(2));
  for (int i = 0; i < 100; ++i) EXPECT_THROW(pool.borrow(), Fault);
  EXPECT_EQ(pool.attempts(), 2u);
  EXPECT_EQ(pool.inUse(), 0u);
}

TEST(Pool, WhoWaitsForASilentServerFailsAtOnceAndSoDoOthersForAWhile) {
  test::ManualClock clock;
  Pool pool(settingsOf(test::emptyDatabase()), clock);
  Pool::Loan loan = pool.borrow();
  Session watcher(test::sessionOptions(test::PostgresServer::shared().url("postgres")));
  const auto started = std::chrono::steady_clock::now();
  std::jthread working([&] {
    try {
      loan.session().script("SELECT pg_sleep(60)");
      ADD_FAILURE();
    } catch (const Fault& fault) {
      EXPECT_EQ(fault.kind, FaultClass::Reconnect);
    }
  });
  while (!watcher.query("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'").next()) continue;
  pool.silent(Fault(std::string(kSilent), "no answer"));
  working.join();
  EXPECT_LT(std::chrono::steady_clock::now() - started, seconds(20));
  EXPECT_THROW(pool.borrow(), Fault);
  EXPECT_EQ(pool.attempts(), 1u);
  clock.advance(seconds(2));
  EXPECT_TRUE(pool.borrow().session().query("SELECT 1").next());
}

TEST(Session, AServerThatHangsGivesNoSignOfLife) {
  Session session(test::sessionOptions(test::emptyDatabase()));
  EXPECT_NO_THROW(session.ping(seconds(5)));
  auto pid = session.query("SELECT pg_backend_pid()");
  ASSERT_TRUE(pid.next());
  const auto backend = static_cast<pid_t>(pid.integer(0));
  ASSERT_EQ(::kill(backend, SIGSTOP), 0);
  try {
    session.ping(milliseconds(200));
    ADD_FAILURE();
  } catch (const Fault& fault) {
    EXPECT_EQ(fault.sqlstate, kSilent);
  }
  ::kill(backend, SIGCONT);
}

TEST(Backoff, DoublesToItsBoundAndNeverBecomesABusyLoop) {
  Backoff backoff({milliseconds(100), seconds(2)});
  Duration bound = milliseconds(100);
  for (int i = 0; i < 50; ++i) {
    const Duration wait = backoff.next();
    EXPECT_LE(wait, bound);
    EXPECT_GE(wait, milliseconds(10));
    bound = std::min<Duration>(bound * 2, seconds(2));
  }
  backoff.reset();
  EXPECT_LE(backoff.next(), milliseconds(100));
}

}  // namespace
}  // namespace penstock::postgres
