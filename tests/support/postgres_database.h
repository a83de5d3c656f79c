#pragma once

#include <atomic>
#include <string>

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

/// A new database without a schema on the server that the cases share; its URL.
inline std::string emptyDatabase(PostgresServer& server = PostgresServer::shared(), const std::string& from = {}) {
  static std::atomic<int> made{0};
  const std::string name = "case_" + std::to_string(++made);
  postgres::Session session(sessionOptions(server.url("postgres")));
  session.script("CREATE DATABASE " + name + (from.empty() ? "" : " TEMPLATE " + from));
  return server.url(name);
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
