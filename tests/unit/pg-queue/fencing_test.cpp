#include "ring.h"

#include <memory>

namespace penstock::pg_queue {
namespace {

/// A process as the database knows it.
struct Process {
  explicit Process(postgres::Session& on) : session(on) {
    auto rows = session.query("SELECT penstock.queue_join('process', '1 hour')");
    rows.next();
    number = rows.integer(0);
  }

  void attend(bool doubt = false) {
    postgres::Parameters parameters;
    parameters.add(number).add(partitions).add(doubt);
    auto rows = session.run("SELECT partition, floor FROM penstock.queue_attend($1, '1 hour', 0, $2, $3)", parameters);
    partitions = postgres::Array<std::int16_t>();
    while (rows.next())
      if (rows.integer(0) < 0)
        version = rows.integer(1);
      else
        partitions.add(static_cast<std::int16_t>(rows.integer(0)));
  }

  /// Whether a hand-over of the first event was committed.
  bool handsOver(std::int64_t with_version, const std::string& timeline = "penstock.queue_timeline()") {
    static std::int64_t leases = 0;
    const std::string sql = "SELECT penstock.queue_hand_over(" + std::to_string(number) + ", " +
                            std::to_string(with_version) + ", " + timeline + ", " + std::to_string(++leases) +
                            ", '1 hour', false, '{0}', '{1}', '{1}', '{}')";
    statements.push_back(std::make_unique<std::string>(sql));
    auto rows = session.query(*statements.back());
    rows.next();
    return rows.boolean(0);
  }

  postgres::Session& session;
  std::int64_t number = 0;
  std::int64_t version = 0;
  postgres::Array<std::int16_t> partitions;
  std::vector<std::unique_ptr<std::string>> statements;  // the session knows a statement by its address
};

class Fencing : public RingCase {
protected:
  void SetUp() override { publish(session_, 1, 3); }
};

TEST_F(Fencing, AHandOverNamesTheOwnershipOfTheMoment) {
  Process one(session_);
  one.attend();
  one.attend();
  EXPECT_TRUE(one.handsOver(one.version));
  const std::int64_t before = one.version;
  Process two(other_);
  two.attend();
  one.attend();  // gives up half of its partitions
  EXPECT_FALSE(one.handsOver(before));
  EXPECT_TRUE(one.handsOver(one.version));
  two.attend();  // and the other gets them
  EXPECT_TRUE(two.handsOver(two.version));
}

TEST_F(Fencing, InDoubtNoHandOverThatIsUnderWayWillBe) {
  Process one(session_);
  one.attend();
  const std::int64_t before = one.version;
  one.attend(true);
  EXPECT_FALSE(one.handsOver(before));
  EXPECT_TRUE(one.handsOver(one.version));
}

TEST_F(Fencing, AnAttendWaitsForAHandOverThatIsBeingCommitted) {
  Process one(session_);
  one.attend();
  postgres::Transaction handing(session_);
  ASSERT_TRUE(one.handsOver(one.version));
  std::jthread attending([&] {
    const std::string sql =
        "SELECT count(*) FROM penstock.queue_attend(" + std::to_string(one.number) + ", '1 hour', 0, '{}', true)";
    third_.script(sql);
  });
  awaitWaiting(other_);
  handing.commit();
}

TEST_F(Fencing, AHandOverOfAnotherHistoryIsRefused) {
  Process one(session_);
  one.attend();
  EXPECT_FALSE(one.handsOver(one.version, "'0000ABCD'"));
}

}  // namespace
}  // namespace penstock::pg_queue
