#include "conformance/store/suite.h"
#include "shared/sqlite/session.h"

namespace penstock::test {

namespace {

std::string firstLine(sqlite::Session& session, std::string_view sql) {
  sqlite::Rows rows = session.query(sql);
  return rows.next() ? std::string(rows.text(0)) : std::string();
}

std::string damage(const Overrides& configuration) {
  sqlite::Session session({.path = configuration.at("path"),
                           .busy_timeout = std::chrono::seconds(5),
                           .cache_bytes = 1 << 20,
                           .checkpoint_bytes = 1 << 20});
  if (const std::string found = firstLine(session, "PRAGMA integrity_check"); found != "ok") return found;
  if (const std::string found = firstLine(session, "PRAGMA foreign_key_check"); !found.empty())
    return "a row of " + found + " points nowhere";
  if (const std::string found = firstLine(session,
                                          "SELECT id FROM conversations AS c WHERE message_count <> (SELECT count(*) "
                                          "FROM messages WHERE conversation = c.id)");
      !found.empty())
    return "conversation " + found + " counts wrong";
  return {};
}

}  // namespace

const StoreUnderTest& storeUnderTest() {
  static const StoreUnderTest store{
      .file = PENSTOCK_STORE_PLUGIN,
      .migrations = PENSTOCK_MIGRATIONS,
      .fresh =
          [](const std::filesystem::path& folder) {
            return Overrides{{"path", (folder / "store.db").string()}};
          },
      .damage = damage,
  };
  return store;
}

}  // namespace penstock::test
