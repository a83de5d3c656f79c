#include <gmock/gmock.h>

#include <fstream>

#include "penstock/store.h"
#include "unit/pg-store/opened.h"

namespace penstock::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct Refusal {
  std::string sentence;
  bool configuration = false;
};

template <typename Work>
Refusal refusalOf(Work work) {
  try {
    work();
  } catch (const StartFailure& refused) {
    return {refused.what(), refused.configuration};
  }
  return {};
}

TEST(Schema, AStartThatMayNotMigrateIsRefusedUntilAPersonHasMigrated) {
  const std::string url = emptyDatabase();
  PgStoreFixture fixture(url, {{"pg.migrate", "false"}});
  const Refusal refused = refusalOf([&] { fixture.plugin.start(); });
  EXPECT_THAT(refused.sentence, AllOf(HasSubstr("0001_store.sql"), HasSubstr("penstockd --migrate")));
  EXPECT_TRUE(refused.configuration);
  PgStoreFixture other(url, {{"pg.migrate", "false"}});
  other.plugin.descriptor();
  const std::unique_ptr<Plugin> migrating(other.plugin.descriptor().create());
  migrating->migrate(other.plugin.context());
  other.plugin.start();
  EXPECT_TRUE(other.ready());
}

TEST(Schema, MigratingADatabaseThatIsAwayIsNoFaultOfTheConfiguration) {
  PgStoreFixture fixture("host=/nowhere-at-all dbname=x user=y password=hush");
  const std::unique_ptr<Plugin> migrating(fixture.plugin.descriptor().create());
  const Refusal refused = refusalOf([&] { migrating->migrate(fixture.plugin.context()); });
  EXPECT_THAT(refused.sentence, AllOf(HasSubstr("cannot connect"), Not(HasSubstr("hush"))));
  EXPECT_FALSE(refused.configuration);
}

TEST(Schema, AUrlThatCannotBeReadIsAFaultOfTheConfigurationAndNotRepeated) {
  PgStoreFixture fixture("postgres://me:hush@[/x");
  const Refusal refused = refusalOf([&] { fixture.plugin.start(); });
  EXPECT_THAT(refused.sentence, AllOf(HasSubstr("pg.url cannot be read"), Not(HasSubstr("hush"))));
  EXPECT_TRUE(refused.configuration);
}

TEST(Schema, ATableAlteredByHandIsRefusedAtTheStart) {
  const std::string url = migratedDatabase(PENSTOCK_MIGRATIONS);
  postgres::Session(sessionOptions(url))
      .script("ALTER TABLE penstock.messages DISABLE TRIGGER messages_never_move_back");
  PgStoreFixture fixture(url);
  const Refusal refused = refusalOf([&] { fixture.plugin.start(); });
  EXPECT_THAT(refused.sentence,
              HasSubstr("the tables messages of schema penstock are not as the migrations made them"));
  EXPECT_TRUE(refused.configuration);
}

}  // namespace
}  // namespace penstock::test
