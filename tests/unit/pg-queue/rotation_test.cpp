#include "ring.h"

#include <utility>

// The ring turns past whoever holds it up, in bounded time, and empties nothing that somebody still needs.
namespace penstock::pg_queue {
namespace {

constexpr auto kBound = std::chrono::seconds(3);  // its waits are a quarter of a second together

class Rotation : public RingCase {
protected:
  /// As rotate, and not for long.
  static std::int64_t rotateSoon(postgres::Session& session) {
    const auto began = std::chrono::steady_clock::now();
    const std::int64_t blocked = rotate(session);
    EXPECT_LT(std::chrono::steady_clock::now() - began, kBound);
    return blocked;
  }

  /// Slot 0 holds events 1 to 3, all settled; slot 1 is appended to.
  void settleFirstSlot() {
    publish(session_, 1, 3);
    ASSERT_EQ(reader_.read(), fromTo(1, 3));
    ASSERT_EQ(rotate(session_), -1);
    reader_.settle();
    ASSERT_EQ(currentSlot(session_), 1);
    ASSERT_FALSE(isEmpty(session_, 0));
  }
};

TEST_F(Rotation, AnOpenPublisherKeepsItsSlot) {
  publish(session_, 1, 3);
  Numbers seen = reader_.read();
  reader_.settle();
  postgres::Transaction slow(other_);
  publish(other_, 4, 6);
  EXPECT_EQ(rotateSoon(third_), -1);
  EXPECT_EQ(currentSlot(third_), 0);
  slow.commit();
  EXPECT_EQ(rotateSoon(third_), -1);
  EXPECT_EQ(currentSlot(third_), 1);
  EXPECT_EQ(rotateSoon(third_), -1);
  publish(third_, 7, 9);
  seen += reader_.read();
  EXPECT_EQ(seen, fromTo(1, 9));
}

TEST_F(Rotation, AnOpenPublisherHoldsUpNoOtherSlot) {
  settleFirstSlot();
  const postgres::Transaction slow(other_);
  publish(other_, 4, 6);
  EXPECT_EQ(rotateSoon(third_), -1);
  EXPECT_TRUE(isEmpty(third_, 0));
}

TEST_F(Rotation, WhatIsNotSettledIsKept) {
  settleFirstSlot();
  publish(session_, 4, 6);
  for (int turns = 0; turns < 6; ++turns) rotate(session_);
  EXPECT_TRUE(isEmpty(session_, 0));
  EXPECT_FALSE(isEmpty(session_, 1));
  EXPECT_EQ(reader_.read(), fromTo(4, 6));
}

TEST_F(Rotation, ASlotThatIsSettledAfterALaterOneIsEmptiedAndItsRoomComesBack) {
  const auto room = [&] {
    auto rows = third_.query("SELECT events, bytes FROM penstock.queue_room(6, 6, 1000, 1000)");
    rows.next();
    return std::pair(rows.integer(0), rows.integer(1));
  };
  publish(session_, 1, 3);
  ASSERT_EQ(reader_.read(), fromTo(1, 3));
  ASSERT_EQ(rotate(session_), -1);
  publish(session_, 4, 6);
  Reader later(other_, 3);
  ASSERT_EQ(later.read(), fromTo(4, 6));
  ASSERT_EQ(rotate(session_), -1);
  EXPECT_EQ(room(), std::pair(std::int64_t{994}, std::int64_t{994}));
  later.settle();
  EXPECT_EQ(rotate(session_), -1);
  EXPECT_TRUE(isEmpty(session_, 1));
  EXPECT_FALSE(isEmpty(session_, 0));
  EXPECT_EQ(room(), std::pair(std::int64_t{997}, std::int64_t{997}));
  reader_.settle();
  EXPECT_EQ(rotate(session_), -1);
  EXPECT_TRUE(isEmpty(session_, 0));
  EXPECT_EQ(room(), std::pair(std::int64_t{1000}, std::int64_t{1000}));
}

TEST_F(Rotation, AnEventOfAnEmptiedSlotDoesNotWaitAlthoughAnEarlierSlotIsThere) {
  publish(session_, 1, 3);
  ASSERT_EQ(rotate(session_), -1);
  publish(session_, 4, 6);
  Reader later(other_, 3);
  ASSERT_EQ(later.read(), fromTo(4, 6));
  ASSERT_EQ(rotate(session_), -1);
  later.settle();
  ASSERT_EQ(rotate(session_), -1);
  ASSERT_TRUE(isEmpty(session_, 1));
  auto waits = session_.query("SELECT penstock.queue_waits(2), penstock.queue_waits(5)");
  waits.next();
  EXPECT_TRUE(waits.boolean(0));
  EXPECT_FALSE(waits.boolean(1));
}

TEST_F(Rotation, AnOpenSettlementThatIsRolledBackEmptiesNothing) {
  publish(session_, 1, 3);
  ASSERT_EQ(reader_.read(), fromTo(1, 3));
  ASSERT_EQ(rotate(other_), -1);
  ASSERT_EQ(currentSlot(other_), 1);
  {
    const postgres::Transaction settling(session_);
    reader_.settle();
    EXPECT_EQ(rotateSoon(other_), -1);
    EXPECT_FALSE(isEmpty(other_, 0));
  }
  EXPECT_EQ(rotateSoon(other_), -1);
  EXPECT_EQ(Reader(other_).read(), fromTo(1, 3));
}

TEST_F(Rotation, ADumpHoldsItUpAndLosesNothing) {
  settleFirstSlot();
  {
    const postgres::Transaction dump(other_);
    other_.script(
        "LOCK TABLE penstock.queue_events_0, penstock.queue_handed_0, penstock.queue_settled_0 IN ACCESS SHARE MODE");
    Numbers seen;
    for (std::int64_t turn = 1; turn <= 4; ++turn) {
      EXPECT_EQ(rotateSoon(third_), 0);
      EXPECT_FALSE(isEmpty(third_, 0));
      publish(third_, turn * 3 + 1, turn * 3 + 3);
      seen += reader_.read();
    }
    EXPECT_EQ(seen, fromTo(4, 15));
    EXPECT_EQ(currentSlot(third_), 3);  // the last one goes on being appended to
  }
  EXPECT_EQ(rotateSoon(third_), -1);
  EXPECT_EQ(currentSlot(third_), 0);  // emptied, and next
}

TEST_F(Rotation, AReaderWithAnOlderSnapshotMissesNothing) {
  settleFirstSlot();
  publish(other_, 4, 6);
  Reader old(third_);
  {
    postgres::Transaction transaction(third_);
    third_.script("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 1");  // the snapshot, and no lock
    EXPECT_EQ(rotateSoon(other_), -1);
    ASSERT_TRUE(isEmpty(other_, 0));
    publish(other_, 7, 9);
    EXPECT_EQ(old.read(), fromTo(4, 6));
    transaction.commit();
  }
  EXPECT_EQ(old.read(), fromTo(7, 9));
}

TEST_F(Rotation, ASlotThatComesRoundWhileAReaderWaitsIsReadInItsPlace) {
  settleFirstSlot();
  publish(session_, 4, 6);
  Reader slow(third_);
  Numbers seen;
  {
    std::jthread reading;
    postgres::Transaction turning(other_);
    ASSERT_EQ(rotate(other_), -1);  // empties slot 0, which nobody may read until the commit
    reading = std::jthread([&] { seen = slow.read(); });
    awaitWaiting(session_);
    for (std::int64_t first = 7; currentSlot(other_) != 0; first += 3) {
      publish(other_, first, first + 2);
      rotate(other_);
    }
    publish(other_, 100, 102);
    turning.commit();
  }
  EXPECT_EQ(seen, reader_.read());
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.front(), 4);
  EXPECT_EQ(seen.back(), 102);
}

}  // namespace
}  // namespace penstock::pg_queue
