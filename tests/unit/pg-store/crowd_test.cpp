#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <thread>
#include <vector>

#include "unit/pg-store/opened.h"

namespace penstock::test {
namespace {

/// Events of a few conversations, some of which repeat others under another id.
std::vector<Event> crowd() {
  std::vector<Event> events;
  for (int i = 0; i < 120; ++i)
    events.push_back(i % 4 == 0 ? inbound("p" + std::to_string(i % 20))
                                : outbound("x", "+1555", "+1666" + std::to_string(i % 15)));
  const std::vector<Event> first = events;
  for (std::size_t i = 0; i < 30; ++i) events.push_back(repeated(first[i * 4 + 1]));
  return events;
}

TEST(Crowd, WritersOfTheSameMessagesWaitButNeverInACircle) {
  const std::string url = migratedDatabase(PENSTOCK_MIGRATIONS);
  PgStoreFixture one(url);
  PgStoreFixture two(url);
  one.plugin.start();
  two.plugin.start();
  const std::vector<Event> events = crowd();
  {
    std::vector<std::jthread> threads;
    for (unsigned number = 0; number < 6; ++number)
      threads.emplace_back([&, number] {
        std::mt19937 random(number);
        Store& store = (number % 2 == 0 ? one : two).store();
        std::vector<Event> mine = events;
        for (int round = 0; round < 15; ++round) {
          std::shuffle(mine.begin(), mine.end(), random);
          const std::span<const Event> span(mine.data(), 60);
          store.persist(span);
          std::vector<Intent> intents;
          std::vector<Attempt> attempts;
          std::vector<Event> reports;
          for (const Event& event : span.first(20)) {
            intents.push_back(intent(event, 1));
            attempts.push_back(attempt(event, 1, AttemptOutcome::Sent));
            reports.push_back(report("provider-" + event.id.text(), "delivered"));
          }
          store.begin(intents);
          store.persist(reports);
          store.record(attempts);
        }
      });
  }
  for (PgStoreFixture* fixture : {&one, &two})
    for (const std::string kind : {"08", "22", "23", "25", "40", "42", "53", "54", "55", "57", "58", "other"})
      EXPECT_EQ(fixture->plugin.metrics.value(R"(penstock_database_errors_total{engine="pg_store",sqlstate=")" + kind +
                                              "\"}"),
                0)
          << kind;
  postgres::Session session(sessionOptions(url));
  postgres::Rows rows = session.query(
      "SELECT count(*), (SELECT sum(message_count)::bigint FROM penstock.conversations), "
      "(SELECT count(*) FROM penstock.unmatched_reports AS r JOIN penstock.messages AS m "
      "USING (provider_message_id, provider)) FROM penstock.messages");
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.integer(0), rows.integer(1));
  EXPECT_EQ(rows.integer(2), 0) << "a report waits although its send is recorded";
}

}  // namespace
}  // namespace penstock::test
