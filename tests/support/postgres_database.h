#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "shared/postgres/migrations.h"
#include "shared/postgres/session.h"
#include "support/postgres_server.h"

namespace penstock::test {

inline postgres::SessionOptions sessionOptions(const std::string& url) {
  return {.url = postgres::Url::parse(url, 5),
          .connect_timeout = std::chrono::seconds(5),
          .statement_timeout = std::chrono::seconds(30),
          .lock_timeout = std::chrono::seconds(5),
          .transaction_timeout = std::chrono::seconds(30)};
}

/// Drops the databases of a case when it has ended, sessions that still hold them included, so that repeated cases
/// neither fill the disk nor keep the server's autovacuum busy with what is over.
class CaseDatabases : public testing::EmptyTestEventListener {
public:
  static CaseDatabases& instance() {
    static CaseDatabases* const made = [] {
      auto* listener = new CaseDatabases;
      testing::UnitTest::GetInstance()->listeners().Append(listener);  // which owns it from now on
      return listener;
    }();
    return *made;
  }

  /// A new database on the server; its name.
  std::string make(PostgresServer& server, const std::string& from) {
    const std::string name = "case_" + std::to_string(++made_);
    postgres::Session session(sessionOptions(server.url("postgres")));
    session.script("CREATE DATABASE " + name + (from.empty() ? "" : " TEMPLATE " + from) + " STRATEGY file_copy");
    if (&server == &PostgresServer::shared()) names_.push_back(name);
    return name;
  }

private:
  void OnTestEnd(const testing::TestInfo&) override {
    if (names_.empty()) return;
    postgres::Session session(sessionOptions(PostgresServer::shared().url("postgres")));
    for (const std::string& name : names_) session.script("DROP DATABASE " + name + " WITH (FORCE)");
    names_.clear();
  }

  std::vector<std::string> names_;  // of the shared server; others end with their case
  int made_ = 0;
};

/// A new database without a schema, by default on the server that the cases share, until the case ends; its URL.
inline std::string emptyDatabase(PostgresServer& server = PostgresServer::shared(), const std::string& from = {}) {
  return server.url(CaseDatabases::instance().make(server, from));
}

/// A new database with the schema of the migrations, copied from one that is migrated once.
inline std::string migratedDatabase(const std::string& migrations) {
  static const std::string pattern = [&] {
    postgres::Session session(sessionOptions(PostgresServer::shared().url("postgres")));
    session.script("CREATE DATABASE migrated");
    postgres::Session migrated(sessionOptions(PostgresServer::shared().url("migrated")));
    postgres::Schema(migrations + "/postgres").migrate(migrated);
    return std::string("migrated");
  }();
  return emptyDatabase(PostgresServer::shared(), pattern);
}

}  // namespace penstock::test
