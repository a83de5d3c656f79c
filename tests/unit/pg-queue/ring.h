#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "shared/postgres/session.h"
#include "support/postgres_database.h"

namespace penstock::pg_queue {

using Numbers = std::vector<std::int64_t>;

inline Numbers fromTo(std::int64_t first, std::int64_t last) {
  Numbers numbers;
  for (std::int64_t number = first; number <= last; ++number) numbers.push_back(number);
  return numbers;
}

inline void operator+=(Numbers& all, const Numbers& more) { all.insert(all.end(), more.begin(), more.end()); }

/// Events are known by their numbers, which are their texts.
inline void publish(postgres::Session& session, std::int64_t first, std::int64_t last) {
  constexpr std::string_view kPublish =
      "SELECT count(*) FROM (SELECT array_agg(md5(n::text)::uuid ORDER BY n) AS ids,"
      " array_agg((n % 64)::smallint ORDER BY n) AS partitions, array_agg(n::text ORDER BY n) AS texts"
      " FROM generate_series($1, $2) AS n) AS e, LATERAL penstock.queue_publish("
      "e.ids, e.ids, e.ids, e.ids, e.partitions, e.texts, '72 hours', 1000000, 1000000000, 0)";
  auto rows = session.query(kPublish, first, last);
  rows.next();
  EXPECT_EQ(rows.integer(0), 0) << "not all were accepted";
}

/// All steps that can be made; the slot that could not be emptied, or -1.
inline std::int64_t rotate(postgres::Session& session) {
  for (;;) {
    auto rows = session.query("SELECT penstock.queue_rotate(1, '1 hour', '72 hours')");
    rows.next();
    if (rows.integer(0) != -2) return rows.integer(0);
  }
}

/// The slot that is appended to.
inline std::int64_t currentSlot(postgres::Session& session) {
  auto rows = session.query("SELECT slot FROM penstock.queue_ring");
  rows.next();
  return rows.integer(0);
}

inline bool isEmpty(postgres::Session& session, std::int64_t slot) {
  auto rows = session.query("SELECT first IS NULL FROM penstock.queue_slots WHERE slot = $1", slot);
  rows.next();
  return rows.boolean(0);
}

/// Comes back once somebody waits for a lock of this database.
inline void awaitWaiting(postgres::Session& session) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for (;;) {
    auto rows = session.query(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'");
    rows.next();
    if (rows.integer(0) > 0) return;
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("nobody waits for a lock");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

/// Reads as an owner of all partitions does: what it has read it remembers as the last sequence of the rows.
class Reader {
public:
  explicit Reader(postgres::Session& session, std::int64_t after = 0) : session_(session), cursor_(after) {}

  /// The events since the last call.
  Numbers read() {
    auto rows = session_.query(
        "SELECT sequence, slot, event FROM penstock.queue_events WHERE sequence > $1 ORDER BY sequence LIMIT 1000",
        cursor_);
    Numbers numbers;
    while (rows.next()) {
      cursor_ = rows.integer(0);
      sequences_.add(rows.integer(0));
      slots_.add(static_cast<std::int16_t>(rows.integer(1)));
      numbers.push_back(std::stoll(std::string(rows.text(2))));
    }
    return numbers;
  }

  /// Leases and settles what was read since the last call.
  void settle() {
    auto joined = session_.query("SELECT penstock.queue_join('reader', '1 hour')");
    joined.next();
    const std::int64_t consumer = joined.integer(0);
    auto attended = session_.query(
        "SELECT floor FROM penstock.queue_attend($1, '1 hour', 0, '{}', false) WHERE partition = -1", consumer);
    attended.next();
    const std::int64_t lease = consumer << 36;
    postgres::Parameters taking;
    taking.add(consumer).add(attended.integer(0)).add(lease).add(slots_).add(sequences_);
    auto taken = session_.run(
        "SELECT penstock.queue_hand_over($1, $2, penstock.queue_timeline(), $3, '1 hour', false, g.slots, g.counts,"
        " (SELECT array_agg(s ORDER BY slot, s) FROM unnest($4, $5) AS u (slot, s)), '{}')"
        " FROM (SELECT array_agg(slot ORDER BY slot) AS slots, array_agg(n ORDER BY slot) AS counts FROM ("
        "SELECT slot, count(*)::int AS n FROM unnest($4) AS slot GROUP BY slot) AS c) AS g",
        taking);
    taken.next();
    EXPECT_TRUE(taken.boolean(0));
    postgres::Parameters ending;
    ending.add(slots_).add(lease).add(sequences_);
    auto rows = session_.run(
        "SELECT count(*) FILTER (WHERE settled) FROM (SELECT ARRAY[cardinality($1)] AS n) AS l, LATERAL "
        "penstock.queue_settle("
        "$1, array_fill($2, n), $3, array_fill(1, n), array_fill(0::smallint, n), array_fill(interval '0', n),"
        " array_fill(''::text, n), array_fill(''::text, n), array_fill(''::text, n), array_fill(''::text, n))",
        ending);
    rows.next();
    EXPECT_EQ(rows.integer(0), static_cast<std::int64_t>(sequences_.count()));
    slots_ = postgres::Array<std::int16_t>();
    sequences_ = postgres::Array<std::int64_t>();
  }

private:
  postgres::Session& session_;
  std::int64_t cursor_;
  postgres::Array<std::int16_t> slots_;
  postgres::Array<std::int64_t> sequences_;
};

class RingCase : public testing::Test {
protected:
  postgres::SessionOptions options() const { return test::sessionOptions(url_); }

  const std::string url_ = test::migratedDatabase(PENSTOCK_MIGRATIONS);
  postgres::Session session_{options()};
  postgres::Session other_{options()};
  postgres::Session third_{options()};
  Reader reader_{session_};
};

}  // namespace penstock::pg_queue
