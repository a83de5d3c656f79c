#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <memory>
#include <optional>

#include "conformance/store/sample.h"
#include "opened.h"
#include "penstock/control.h"
#include "penstock/reader.h"
#include "penstock/store.h"
#include "sqlite-store/config.h"
#include "sqlite-store/database.h"
#include "support/plugin_fixture.h"

namespace penstock::sqlite_store {
namespace {

class RecoveryCase : public testing::Test {
protected:
  void persist(const Event& event) { plugin.get<Store>().persist({&event, 1}); }
  HealthState health() { return plugin.instance().health().state; }
  double value(const std::string& series) { return plugin.metrics.value(series); }
  std::string path() const { return (plugin.folder.path() / "store.db").string(); }
  /// Moves time until the plugin's thread has looked around once more.
  void lookAround() {
    plugin.clock.awaitWaiting(1);
    plugin.clock.advance(std::chrono::seconds(2));
    plugin.clock.awaitWaiting(1);
  }

  test::PluginFixture plugin{
      PENSTOCK_STORE_PLUGIN, {{"busy_timeout", "100ms"}, {"max_reports", "3"}}, PENSTOCK_MIGRATIONS};
};

TEST_F(RecoveryCase, AStoreThatCannotWriteIsDownUntilItCan) {
  plugin.start();
  EXPECT_EQ(health(), HealthState::Ready);
  sqlite::Session other(sqlite::optionsFor(path()));
  {
    const sqlite::Transaction held(other);
    EXPECT_THROW(persist(test::outbound()), StoreUnavailable);
    EXPECT_EQ(health(), HealthState::Down);
    EXPECT_THAT(plugin.instance().health().reason, testing::HasSubstr("SQLite error 5"));
    lookAround();
    EXPECT_EQ(health(), HealthState::Down);
    EXPECT_EQ(plugin.get<Reader>().conversations({}, {}).total, 0u);
  }
  persist(test::outbound());
  EXPECT_EQ(health(), HealthState::Ready);
  EXPECT_EQ(plugin.log.count("store.unavailable"), 1u);
  EXPECT_EQ(plugin.log.count("store.available"), 1u);
}

TEST_F(RecoveryCase, AStoreThatIsDownNoticesByItselfThatItCanWriteAgain) {
  plugin.start();
  sqlite::Session other(sqlite::optionsFor(path()));
  {
    const sqlite::Transaction held(other);
    EXPECT_THROW(persist(test::outbound()), StoreUnavailable);
  }
  lookAround();
  EXPECT_EQ(health(), HealthState::Ready);
}

TEST_F(RecoveryCase, ARejectedSpanDoesNotMakeTheStoreDown) {
  plugin.start();
  Event bad = test::outbound();
  bad.customer.clear();
  EXPECT_THROW(persist(bad), StoreRejected);
  EXPECT_EQ(health(), HealthState::Ready);
  EXPECT_EQ(value(R"(penstock_store_errors_total{store="sqlite_store",class="rejected"})"), 1);
}

TEST_F(RecoveryCase, AWriteThatTheFileSystemRefusesIsUnavailableAndPasses) {
  plugin.start();
  persist(test::outbound());
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit = {};
  getrlimit(RLIMIT_FSIZE, &limit);
  rlimit tight = limit;
  tight.rlim_cur = 4096;
  setrlimit(RLIMIT_FSIZE, &tight);
  const Event refused = test::outbound(std::string(100'000, 'x'));
  EXPECT_THROW(persist(refused), StoreUnavailable);
  EXPECT_EQ(health(), HealthState::Down);
  setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, before);
  EXPECT_FALSE(plugin.get<Reader>().message(refused.id));
  persist(refused);
  EXPECT_EQ(health(), HealthState::Ready);
  EXPECT_TRUE(plugin.get<Reader>().message(refused.id));
}

TEST_F(RecoveryCase, OnlyTheOwnerMayReadTheDatabase) {
  plugin.start();
  const auto mode = std::filesystem::status(path()).permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(RecoveryCase, AFileThatIsNoDatabaseIsRefusedAtStartWithACure) {
  std::ofstream(path()) << std::string(8192, 'x');
  try {
    plugin.start();
    FAIL() << "started";
  } catch (const StartFailure& failure) {
    EXPECT_THAT(failure.what(), testing::HasSubstr("damaged or no SQLite database; restore it from a backup"));
  }
}

TEST_F(RecoveryCase, AFolderThatIsNotThereIsRefusedAtStartWithACure) {
  std::filesystem::remove(plugin.folder.path());
  try {
    plugin.start();
    FAIL() << "started";
  } catch (const StartFailure& failure) {
    EXPECT_THAT(failure.what(), testing::HasSubstr("check that its folder exists"));
  }
}

TEST_F(RecoveryCase, DamageFoundWhileRunningEndsTheProcess) {
  plugin.start();
  persist(test::outbound());
  plugin.restart();
  {
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(0, std::ios::end);
    const auto size = static_cast<std::size_t>(file.tellp());
    ASSERT_GT(size, 4096u);
    file.seekp(4096);
    file << std::string(size - 4096, '\xff');
  }
  EXPECT_THROW(plugin.get<Reader>().conversations({}, {}), StoreUnavailable);
  EXPECT_THAT(plugin.context().fatalSentences(), testing::Contains(testing::HasSubstr("is damaged")));
}

TEST_F(RecoveryCase, OnlySoManyReportsWaitAndOnlySoLong) {
  plugin.start();
  std::vector<Event> sent;
  for (int i = 0; i < 5; ++i) sent.push_back(test::outbound(std::to_string(i)));
  const auto report = [&](const Event& event) { persist(test::report("provider-" + event.id.text(), "delivered")); };
  const auto send = [&](const Event& event) {
    persist(event);
    const Intent wish = test::intent(event, 1);
    plugin.get<Store>().begin({&wish, 1});
    const Attempt end = test::attempt(event, 1, AttemptOutcome::Sent);
    plugin.get<Store>().record({&end, 1});
    return plugin.get<Reader>().message(event.id)->message.status;
  };
  for (int i = 0; i < 4; ++i) {
    report(sent[static_cast<std::size_t>(i)]);
    plugin.clock.advance(std::chrono::seconds(1));
  }
  EXPECT_EQ(send(sent[0]), MessageStatus::Sent);
  EXPECT_EQ(send(sent[1]), MessageStatus::Delivered);
  plugin.clock.advance(std::chrono::hours(73));
  report(sent[4]);
  EXPECT_EQ(send(sent[2]), MessageStatus::Sent);
  EXPECT_EQ(send(sent[4]), MessageStatus::Delivered);
}

TEST_F(RecoveryCase, TheThreadThatLooksAroundShowsThatItAdvances) {
  plugin.start();
  lookAround();
  EXPECT_GE(plugin.board.ticks("sqlite-store.watches"), 2u);
}

TEST_F(RecoveryCase, CountersSayWhatBecameOfEvents) {
  plugin.start();
  const Event event = test::outbound();
  persist(event);
  persist(event);
  persist(test::conflicting(event, "other"));
  persist(test::report("nobody", "delivered"));
  EXPECT_EQ(value(R"(penstock_store_messages_total{store="sqlite_store",verdict="inserted"})"), 2);
  EXPECT_EQ(value(R"(penstock_store_messages_total{store="sqlite_store",verdict="existing"})"), 1);
  EXPECT_EQ(value(R"(penstock_store_key_reused_total{store="sqlite_store"})"), 1);
  EXPECT_EQ(value(R"(penstock_store_reports_total{store="sqlite_store",result="kept"})"), 1);
}

/// The rooms behind the door, for what cannot be brought about from outside.
class FullCase : public testing::Test {
protected:
  void atMost(std::int64_t pages) {
    database.write(Operation::Set, [&](sqlite::Session& session) {
      session.script("PRAGMA max_page_count = " + std::to_string(pages));
      return 0;
    });
  }
  void fill() {
    database.write(Operation::Set, [](sqlite::Session& session) {
      session.script("INSERT INTO shared_values VALUES (hex(randomblob(8)), zeroblob(100000), 1)");
      return 0;
    });
  }

  test::TemporaryFolder folder;
  test::ManualClock clock;
  test::RecordedMetrics registry;
  test::StubPolicy policy;
  test::StubHealthBoard board;
  test::CapturedLog log{"sqlite-store"};
  test::RowConfig config{kRows};
  test::TestContext context{
      config, log.log(), registry, clock, policy, board, folder.path().string(), PENSTOCK_MIGRATIONS};
  StoreMetrics metrics{registry};
  Database database{context, readSettings(context), metrics};
};

TEST_F(FullCase, AFullDatabaseIsUnavailableAndGoesOnWhenThereIsRoom) {
  fill();
  atMost(60);
  EXPECT_THROW(
      {
        for (int i = 0; i < 10; ++i) fill();
      },
      StoreUnavailable);
  EXPECT_EQ(database.health().state, HealthState::Down);
  EXPECT_THAT(database.health().reason, testing::HasSubstr("SQLite error 13"));
  atMost(1'000'000);
  EXPECT_EQ(database.health().state, HealthState::Ready);
  fill();
}

}  // namespace
}  // namespace penstock::sqlite_store
