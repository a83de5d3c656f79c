#include "conformance/store/suite.h"
#include "support/postgres_database.h"

namespace penstock::test {

namespace {

constexpr std::string_view kWrongCounts =
    "SELECT 'conversation ' || c.id || ' counts wrong' FROM penstock.conversations AS c "
    "WHERE message_count <> (SELECT count(*) FROM penstock.messages AS m WHERE m.conversation = c.id) "
    "UNION ALL SELECT 'conversation ' || c.id || ' ends nowhere' FROM penstock.conversations AS c "
    "WHERE NOT EXISTS (SELECT FROM penstock.messages AS m WHERE m.id = c.last_message AND m.conversation = c.id) LIMIT "
    "1";

std::string damage(const Overrides& configuration) {
  postgres::Session session(sessionOptions(configuration.at("pg.url")));
  postgres::Rows rows = session.query(kWrongCounts);
  return rows.next() ? std::string(rows.text(0)) : std::string();
}

}  // namespace

const StoreUnderTest& storeUnderTest() {
  static const StoreUnderTest store{
      .file = PENSTOCK_STORE_PLUGIN,
      .migrations = PENSTOCK_MIGRATIONS,
      .fresh =
          [](const std::filesystem::path&) {
            return Overrides{{"pg.url", migratedDatabase(PENSTOCK_MIGRATIONS)}};
          },
      .damage = damage,
  };
  return store;
}

}  // namespace penstock::test
