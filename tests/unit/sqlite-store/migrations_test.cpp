#include "shared/sqlite/migrations.h"

#include <gmock/gmock.h>

#include <fstream>

#include "opened.h"
#include "penstock/plugin.h"
#include "support/temporary_folder.h"

namespace penstock::sqlite {
namespace {

class MigrationCase : public testing::Test {
protected:
  void file(const std::string& name, const std::string& text) { std::ofstream(folder.path() / name) << text; }
  std::uint32_t run() { return migrate(session, folder.path().string(), WallTime{}); }
  std::string refusal() {
    try {
      run();
    } catch (const StartFailure& failure) {
      EXPECT_TRUE(failure.configuration);
      return failure.what();
    }
    return "not refused";
  }
  std::string value(std::string_view sql) {
    Rows rows = session.query(sql);
    return rows.next() ? std::string(rows.text(0)) : std::string();
  }

  test::TemporaryFolder folder;
  test::TemporaryFolder place;
  Session session{optionsFor((place.path() / "a.db").string())};
};

TEST_F(MigrationCase, EachIsAppliedOnceInOrder) {
  file("0002_second.sql", "INSERT INTO t VALUES (2);");
  file("0001_first.sql", "CREATE TABLE t (x); INSERT INTO t VALUES (1);");
  EXPECT_EQ(run(), 2u);
  EXPECT_EQ(run(), 0u);
  file("0003_third.sql", "INSERT INTO t VALUES (3);");
  EXPECT_EQ(run(), 1u);
  EXPECT_EQ(value("SELECT group_concat(x) FROM t"), "1,2,3");
}

TEST_F(MigrationCase, AChangedOneIsRefusedByName) {
  file("0001_first.sql", "CREATE TABLE t (x);");
  run();
  file("0001_first.sql", "CREATE TABLE t (x, y);");
  EXPECT_THAT(refusal(), testing::HasSubstr("0001_first.sql is not the one this database was made with"));
}

TEST_F(MigrationCase, ADatabaseOfANewerVersionIsRefused) {
  file("0001_first.sql", "CREATE TABLE t (x);");
  file("0002_second.sql", "CREATE TABLE u (x);");
  run();
  std::filesystem::remove(folder.path() / "0002_second.sql");
  EXPECT_THAT(refusal(), testing::HasSubstr("0002_second.sql, which this version does not know"));
}

TEST_F(MigrationCase, OneThatFailsLeavesNothingOfItself) {
  file("0001_first.sql", "CREATE TABLE t (x);");
  file("0002_second.sql", "CREATE TABLE u (x); CREATE TABLE t (x);");
  EXPECT_THAT(refusal(), testing::HasSubstr("0002_second.sql does not run"));
  EXPECT_EQ(value("SELECT count(*) FROM sqlite_master WHERE name = 'u'"), "0");
  EXPECT_EQ(value("SELECT count(*) FROM schema_migrations"), "1");
}

TEST_F(MigrationCase, FilesThatCannotBeOrderedAreRefused) {
  file("first.sql", "SELECT 1;");
  EXPECT_THAT(refusal(), testing::HasSubstr("not named NNNN_name.sql"));
  std::filesystem::remove(folder.path() / "first.sql");
  file("0001_a.sql", "SELECT 1;");
  file("0001_b.sql", "SELECT 1;");
  EXPECT_THAT(refusal(), testing::HasSubstr("have the same number"));
}

TEST_F(MigrationCase, AMissingFolderIsRefused) {
  EXPECT_THAT(refusal(), testing::HasSubstr("there are no migrations in"));
  std::filesystem::remove(folder.path());
  EXPECT_THAT(refusal(), testing::HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace penstock::sqlite
