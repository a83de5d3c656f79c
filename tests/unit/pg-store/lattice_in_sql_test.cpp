#include <gtest/gtest.h>

#include "penstock/store.h"
#include "unit/pg-store/opened.h"

namespace penstock::test {
namespace {

std::string stateOf(postgres::Session& session, std::string_view sql) {
  try {
    session.execute(sql);
  } catch (const postgres::Fault& fault) {
    return fault.sqlstate;
  }
  return {};
}

TEST(LatticeInSql, TheDatabaseItselfRefusesWhatWouldMoveAMessageBack) {
  const std::string url = migratedDatabase(PENSTOCK_MIGRATIONS);
  PgStoreFixture fixture(url);
  fixture.plugin.start();
  const Event event = outbound();
  fixture.store().persist({&event, 1});
  postgres::Session session(sessionOptions(url));
  EXPECT_EQ(stateOf(session, "UPDATE penstock.messages SET status = 'sent'"), "");
  EXPECT_EQ(stateOf(session, "UPDATE penstock.messages SET status = 'accepted'"), "23514");
  EXPECT_EQ(stateOf(session, "UPDATE penstock.messages SET status = 'received'"), "23514");
  EXPECT_EQ(stateOf(session, "UPDATE penstock.messages SET status = 'lost'"), "23514");
  EXPECT_EQ(stateOf(session, "UPDATE penstock.messages SET status = 'delivered'"), "");
}

}  // namespace
}  // namespace penstock::test
