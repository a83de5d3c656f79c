#include "shared/postgres/migrations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "penstock/plugin.h"
#include "support/postgres_database.h"

namespace penstock::postgres {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class MigrationsCase : public testing::Test {
protected:
  void write(const std::string& name, const std::string& sql) { std::ofstream(folder.path() / name) << sql; }
  void remove(const std::string& name) { std::filesystem::remove(folder.path() / name); }
  std::uint32_t migrate() {
    Session session(test::sessionOptions(url));
    return Schema(folder.path().string()).migrate(session);
  }
  std::string refusal() {
    try {
      migrate();
    } catch (const StartFailure& refused) {
      EXPECT_TRUE(refused.configuration);
      return refused.what();
    }
    return {};
  }
  bool has(const std::string& table) {
    Session session(test::sessionOptions(url));
    Rows rows = session.query("SELECT FROM pg_class WHERE relname = $1", table);
    return rows.next();
  }
  void run(const std::string& sql) { Session(test::sessionOptions(url)).script(sql); }

  test::TemporaryFolder folder;
  const std::string url = test::emptyDatabase();
};

TEST_F(MigrationsCase, AreAppliedInOrderAndOnce) {
  write("0002_b.sql", "ALTER TABLE penstock.a ADD b int");
  write("0001_a.sql", "CREATE TABLE penstock.a (a int)");
  EXPECT_EQ(migrate(), 2u);
  EXPECT_EQ(migrate(), 0u);
  write("0003_c.sql", "CREATE TABLE penstock.c (c int)");
  EXPECT_EQ(migrate(), 1u);
  EXPECT_TRUE(has("c"));
}

TEST_F(MigrationsCase, WhatIsMissingIsToldWithoutTouchingAnything) {
  write("0001_a.sql", "CREATE TABLE penstock.a (a int)");
  Session session(test::sessionOptions(url));
  EXPECT_THAT(Schema(folder.path().string()).missing(session), ElementsAre("0001_a.sql"));
  EXPECT_FALSE(has("migrations"));
}

TEST_F(MigrationsCase, OneThatBreaksLeavesNothingOfItself) {
  write("0001_a.sql", "CREATE TABLE penstock.a (a int)");
  write("0002_b.sql", "CREATE TABLE penstock.b (b int); SELECT 1 / 0;");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("0002_b.sql does not run"), HasSubstr("22012")));
  EXPECT_TRUE(has("a"));
  EXPECT_FALSE(has("b"));
  write("0002_b.sql", "CREATE TABLE penstock.b (b int)");
  EXPECT_EQ(migrate(), 1u);
}

TEST_F(MigrationsCase, AnAlteredFileIsRefused) {
  write("0001_a.sql", "CREATE TABLE penstock.a (a int)");
  migrate();
  write("0001_a.sql", "CREATE TABLE penstock.a (a bigint)");
  EXPECT_THAT(refusal(), HasSubstr("0001_a.sql is not the one this database was made with"));
}

TEST_F(MigrationsCase, AMissingFileIsRefused) {
  write("0001_a.sql", "CREATE TABLE penstock.a (a int)");
  write("0002_b.sql", "CREATE TABLE penstock.b (b int)");
  migrate();
  remove("0001_a.sql");
  EXPECT_THAT(refusal(), HasSubstr("made with migration 0001_a.sql, which is missing"));
}

TEST_F(MigrationsCase, ANewerSchemaIsRefused) {
  write("0001_a.sql", "CREATE TABLE penstock.a (a int)");
  write("0002_b.sql", "CREATE TABLE penstock.b (b int)");
  migrate();
  remove("0002_b.sql");
  EXPECT_THAT(refusal(), HasSubstr("has migration 0002_b.sql, which this version does not know"));
}

TEST_F(MigrationsCase, ATableAlteredByHandIsRefusedAndOthersTablesAreNot) {
  write("0001_a.sql", "CREATE TABLE penstock.a (a int NOT NULL); CREATE TABLE penstock.b (b int PRIMARY KEY)");
  migrate();
  run("CREATE TABLE penstock.theirs (x int); CREATE INDEX ON penstock.a (a)");
  EXPECT_EQ(refusal(), "");
  run("ALTER TABLE penstock.a ALTER a DROP NOT NULL; ALTER TABLE penstock.b DROP CONSTRAINT b_pkey");
  EXPECT_THAT(refusal(), HasSubstr("the tables a, b of schema penstock are not as the migrations made them"));
  run("DROP TABLE penstock.a");
  EXPECT_THAT(refusal(), HasSubstr("the tables a, b"));
}

TEST_F(MigrationsCase, SeveralProcessesAtOnceApplyEachOnce) {
  write("0001_a.sql", "CREATE TABLE penstock.a (a int); SELECT pg_sleep(0.05)");
  write("0002_b.sql", "INSERT INTO penstock.a VALUES (1)");
  std::atomic<std::uint32_t> applied{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i) threads.emplace_back([&] { applied += migrate(); });
  }
  EXPECT_EQ(applied, 2u);
  Session session(test::sessionOptions(url));
  Rows rows = session.query("SELECT count(*) FROM penstock.a");
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.integer(0), 1);
}

TEST_F(MigrationsCase, ARoleWithoutRightsIsToldWhichToGrant) {
  write("0001_a.sql", "CREATE TABLE penstock.a (a int)");
  run("DO $$ BEGIN CREATE ROLE app LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$");
  const std::string theirs = url + " user=app";
  const auto refusedFor = [&]() -> std::string {
    Session session(test::sessionOptions(theirs));
    try {
      Schema(folder.path().string()).migrate(session);
    } catch (const StartFailure& refused) {
      return refused.what();
    }
    return {};
  };
  EXPECT_THAT(refusedFor(), HasSubstr("may not make the schema penstock"));
  migrate();
  EXPECT_THAT(refusedFor(), AllOf(HasSubstr("lacks rights on the schema penstock"), HasSubstr("GRANT")));
  run("GRANT USAGE ON SCHEMA penstock TO app");
  EXPECT_THAT(refusedFor(), HasSubstr("lacks rights on a, migrations"));
  run("GRANT SELECT ON ALL TABLES IN SCHEMA penstock TO app; GRANT INSERT, UPDATE, DELETE ON penstock.a TO app");
  EXPECT_EQ(refusedFor(), "");
}

TEST_F(MigrationsCase, WrongFilesAreRefused) {
  EXPECT_THAT(refusal(), HasSubstr("there are no migrations in"));
  write("1_a.sql", "SELECT 1");
  EXPECT_THAT(refusal(), HasSubstr("is not named NNNN_name.sql"));
  remove("1_a.sql");
  write("0001_a.sql", "SELECT 1");
  write("0001_b.sql", "SELECT 1");
  EXPECT_THAT(refusal(), HasSubstr("have the same number"));
}

}  // namespace
}  // namespace penstock::postgres
