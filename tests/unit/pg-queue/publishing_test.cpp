#include "ring.h"

#include <functional>

// What a reader passes is lost for ever, so nothing may be committed below what it has read: also when a publisher
// stands still between choosing its table and its commit.
namespace penstock::pg_queue {
namespace {

using Publishing = RingCase;

std::string refusal(const std::function<void()>& work) {
  try {
    work();
    return {};
  } catch (const postgres::Fault& fault) {
    return fault.sqlstate;
  }
}

TEST_F(Publishing, AnOpenTransactionIsPassedByNobody) {
  publish(session_, 1, 3);
  Numbers seen = reader_.read();
  postgres::Transaction slow(other_);
  publish(other_, 4, 6);
  third_.script("SET lock_timeout = '50ms'");
  EXPECT_EQ(refusal([&] { publish(third_, 7, 9); }), "55P03");
  EXPECT_EQ(reader_.read(), Numbers{});
  slow.commit();
  publish(third_, 7, 9);
  seen += reader_.read();
  EXPECT_EQ(seen, fromTo(1, 9));
  EXPECT_EQ(reader_.read(), Numbers{});
}

TEST_F(Publishing, WhoWaitsForAnotherComesAfterIt) {
  postgres::Transaction slow(other_);
  publish(other_, 1, 3);
  std::string refused;
  {
    const std::jthread waiting([&] { refused = refusal([&] { publish(third_, 4, 6); }); });
    awaitWaiting(session_);
    EXPECT_EQ(reader_.read(), Numbers{});
    slow.commit();
  }
  EXPECT_EQ(refused, "");
  EXPECT_EQ(reader_.read(), fromTo(1, 6));
}

TEST_F(Publishing, ATransactionThatIsRolledBackLeavesNoGap) {
  {
    const postgres::Transaction slow(other_);
    publish(other_, 1, 3);
  }
  publish(third_, 4, 6);
  EXPECT_EQ(reader_.read(), fromTo(4, 6));
  auto rows = session_.query("SELECT min(sequence), max(sequence) FROM penstock.queue_events_0");
  rows.next();
  EXPECT_EQ(rows.integer(0), 1);
  EXPECT_EQ(rows.integer(1), 3);
}

TEST_F(Publishing, ACommitAfterAReadersSnapshotIsReadLater) {
  publish(other_, 1, 3);
  Numbers seen;
  {
    postgres::Transaction old(session_);
    session_.script("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    seen += reader_.read();
    publish(other_, 4, 6);
    // A slot that was opened since must not make the cursor jump, either.
    rotate(other_);
    ASSERT_EQ(currentSlot(other_), 1);
    publish(other_, 7, 9);
    seen += reader_.read();
    EXPECT_EQ(seen, fromTo(1, 3));
    old.commit();
  }
  seen += reader_.read();
  EXPECT_EQ(seen, fromTo(1, 9));
}

TEST_F(Publishing, AStandingPublisherIsEndedByTheServer) {
  other_.script("SET idle_in_transaction_session_timeout = '50ms'");
  postgres::Transaction slow(other_);
  publish(other_, 1, 3);
  publish(third_, 4, 6);  // has waited until the other was ended
  EXPECT_EQ(reader_.read(), fromTo(4, 6));
  EXPECT_NE(refusal([&] { slow.commit(); }), "");
}

}  // namespace
}  // namespace penstock::pg_queue
