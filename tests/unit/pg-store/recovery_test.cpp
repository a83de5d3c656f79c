#include <gmock/gmock.h>

#include <atomic>

#include "penstock/control.h"
#include "penstock/reader.h"
#include "penstock/store.h"
#include "unit/pg-store/opened.h"

namespace penstock::test {
namespace {

using testing::HasSubstr;

TEST(Recovery, AStartWithoutADatabaseIsDownSaysWhyAndWorksOnceItIsThere) {
  PostgresServer server;
  { postgres::Session(sessionOptions(server.url("postgres"))).script("CREATE DATABASE store"); }
  server.stop();
  PgStoreFixture fixture(server.url("store"));
  fixture.plugin.start();
  EXPECT_FALSE(fixture.ready());
  EXPECT_THAT(fixture.reason(), HasSubstr("cannot connect to host=" + server.folder().string()));
  const Event event = outbound();
  EXPECT_THROW(fixture.store().persist({&event, 1}), StoreUnavailable);
  EXPECT_THROW(fixture.reader().sent({}), StoreUnavailable);
  server.start();
  until([&] { return fixture.ready(); });
  EXPECT_EQ(fixture.store().persist({&event, 1}).front().verdict, PersistVerdict::Inserted);
}

TEST(Recovery, ADatabaseThatGoesAndComesIsNoticedAndUsedAgain) {
  PostgresServer server({.fsync = true});
  { postgres::Session(sessionOptions(server.url("postgres"))).script("CREATE DATABASE store"); }
  PgStoreFixture fixture(server.url("store"));
  fixture.plugin.start();
  std::atomic<int> seen{0};
  const auto watch = fixture.control().watch("name", [&](const std::string&) { ++seen; });
  for (const int signal : {SIGINT, SIGQUIT}) {
    const int before = seen;
    const Event event = outbound();
    fixture.store().persist({&event, 1});
    server.stop(signal);
    const auto stopped = std::chrono::steady_clock::now();
    until([&] { return !fixture.ready(); });
    EXPECT_LT(std::chrono::steady_clock::now() - stopped, std::chrono::seconds(1));
    EXPECT_THROW(fixture.store().persist({&event, 1}), StoreUnavailable);
    server.start();
    const auto started = std::chrono::steady_clock::now();
    until([&] { return fixture.ready(); });
    EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(5));
    EXPECT_EQ(fixture.store().persist({&event, 1}).front().verdict, PersistVerdict::Existing);
    fixture.control().set("name", std::to_string(signal));
    until([&] { return seen > before; });
  }
}

TEST(Recovery, ASessionThatAnAdministratorEndsCostsAtMostItsCall) {
  const std::string url = migratedDatabase(PENSTOCK_MIGRATIONS);
  PgStoreFixture fixture(url);
  fixture.plugin.start();
  const Event event = outbound();
  fixture.store().persist({&event, 1});
  postgres::Session(sessionOptions(url))
      .script(
          "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
          "WHERE datname = current_database() AND pid <> pg_backend_pid()");
  until([&] {
    try {
      return fixture.store().persist({&event, 1}).front().verdict == PersistVerdict::Existing;
    } catch (const StoreUnavailable&) {
      return false;
    }
  });
  until([&] { return fixture.ready(); });
}

TEST(Recovery, AServerThatOnlyReadsIsShedAndNoticedWhenItWritesAgain) {
  const std::string url = migratedDatabase(PENSTOCK_MIGRATIONS);
  PgStoreFixture fixture(url);
  fixture.plugin.start();
  const Event event = outbound();
  fixture.store().persist({&event, 1});
  postgres::Session owner(sessionOptions(url));
  owner.script("ALTER ROLE penstock IN DATABASE " + std::string(sessionOptions(url).url.value("dbname")) +
               " SET default_transaction_read_only = on");
  owner.script(
      "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
      "WHERE datname = current_database() AND pid <> pg_backend_pid()");
  until([&] { return !fixture.ready(); });
  EXPECT_THROW(fixture.store().persist({&event, 1}), StoreUnavailable);
  owner.script("ALTER ROLE penstock IN DATABASE " + std::string(sessionOptions(url).url.value("dbname")) +
               " RESET default_transaction_read_only");
  until([&] { return fixture.ready(); });
  EXPECT_EQ(fixture.store().persist({&event, 1}).front().verdict, PersistVerdict::Existing);
}

}  // namespace
}  // namespace penstock::test
