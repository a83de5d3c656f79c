#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "penstock/reader.h"
#include "penstock/store.h"
#include "unit/pg-store/opened.h"

namespace penstock::test {
namespace {

std::int64_t number(postgres::Session& session, std::string_view sql) {
  postgres::Rows rows = session.query(sql);
  return rows.next() ? rows.integer(0) : -1;
}

ConversationQuery query(std::optional<std::string> customer, const std::string& participant) {
  ConversationQuery wanted;
  wanted.customer = std::move(customer);
  wanted.participant = participant;
  return wanted;
}

TEST(Counts, TotalsAreRightWhileTheyAreGathered) {
  const std::string url = migratedDatabase(PENSTOCK_MIGRATIONS);
  PgStoreFixture fixture(url, {{"watch_interval", "10ms"}});
  PgStoreFixture other(url, {{"watch_interval", "10ms"}});
  fixture.plugin.start();
  other.plugin.start();
  std::atomic<bool> writing{true};
  std::atomic<int> wrong{0};
  std::jthread reader([&] {
    std::uint64_t before = 0;
    while (writing) {
      const std::uint64_t total = fixture.reader().conversations({}, {}).total;
      if (total < before) ++wrong;
      before = total;
    }
  });
  {
    std::vector<std::jthread> writers;
    for (int number = 0; number < 2; ++number)
      writers.emplace_back([&, number] {
        Store& store = (number == 0 ? fixture : other).store();
        for (int i = 0; i < 40; ++i) {
          std::vector<Event> events;
          for (int j = 0; j < 5; ++j)
            events.push_back(outbound("x", "+1555", "+" + std::to_string(number) + "777" + std::to_string(i * 5 + j)));
          store.persist(events);
        }
      });
  }
  writing = false;
  reader.join();
  EXPECT_EQ(wrong, 0);
  postgres::Session session(sessionOptions(url));
  until([&] { return number(session, "SELECT count(*) FROM penstock.conversations_uncounted") == 0; });
  EXPECT_EQ(fixture.reader().conversations({}, {}).total, 400u);
  EXPECT_EQ(fixture.reader().conversations(query(std::nullopt, "+1555"), {}).total, 400u);
  EXPECT_EQ(fixture.reader().conversations(query("default", "+17773"), {}).total, 1u);
  EXPECT_EQ(number(session, "SELECT max(id) FROM penstock.conversations"), 400) << "ids were burnt";
}

TEST(Counts, ReportsThatWaitTooLongOrAreTooManyAreForgotten) {
  const std::string url = migratedDatabase(PENSTOCK_MIGRATIONS);
  PluginFixture plugin(PENSTOCK_STORE_PLUGIN, {{"pg.url", url}, {"max_reports", "2"}, {"report_retention", "1h"}},
                       PENSTOCK_MIGRATIONS);
  plugin.start();
  for (const std::string id : {"a", "b", "c"}) {
    const Event event = report(id, "delivered");
    plugin.get<Store>().persist({&event, 1});
    plugin.clock.setWall(plugin.clock.wall() + std::chrono::seconds(1));
  }
  postgres::Session session(sessionOptions(url));
  plugin.clock.awaitWaiting(1);
  plugin.clock.advance(std::chrono::seconds(20));
  until([&] { return number(session, "SELECT count(*) FROM penstock.unmatched_reports") == 2; });
  EXPECT_EQ(number(session, "SELECT count(*) FROM penstock.unmatched_reports WHERE provider_message_id = 'a'"), 0);
  plugin.clock.awaitWaiting(1);
  plugin.clock.advance(std::chrono::hours(2));
  until([&] { return number(session, "SELECT count(*) FROM penstock.unmatched_reports") == 0; });
}

}  // namespace
}  // namespace penstock::test
