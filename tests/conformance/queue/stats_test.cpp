#include "conformance/queue/engine_under_test.h"

namespace penstock::test {
namespace {

class QueueCounts : public EngineUnderTest {
protected:
  void expect(std::uint64_t ready, std::uint64_t leased, std::uint64_t scheduled, std::uint64_t dead) {
    const QueueStats stats = queue().stats();
    EXPECT_EQ(stats.ready, ready);
    EXPECT_EQ(stats.leased, leased);
    EXPECT_EQ(stats.scheduled, scheduled);
    EXPECT_EQ(stats.dead, dead);
  }
};

TEST_F(QueueCounts, AnEmptyQueueCountsNothing) {
  expect(0, 0, 0, 0);
  EXPECT_EQ(queue().stats().oldest_ready_age, 0s);
}

TEST_F(QueueCounts, EachStateIsCountedAsItIs) {
  accept(events(4));
  expect(4, 0, 0, 0);
  const auto held = receive();
  ASSERT_EQ(held.size(), 4U);
  expect(0, 4, 0, 0);
  end(held[0]);
  expect(0, 3, 0, 0);
  end(held[1], RetryAfter{10s, "busy"});
  expect(0, 2, 1, 0);
  end(held[2], Release{20s, "paused"});
  expect(0, 1, 2, 0);
  end(held[3], Dead{"no route"});
  expect(0, 0, 2, 1);
  advance(10s);
  expect(1, 0, 1, 1);
  advance(10s);
  expect(2, 0, 0, 1);
  EXPECT_EQ(deadLetters().replay({}, 1, 0s), 1U);
  expect(3, 0, 0, 0);
  EXPECT_EQ(drain().size(), 3U);
  expect(0, 0, 0, 0);
}

TEST_F(QueueCounts, AnExpiredLeaseIsReady) {
  accept(event());
  receiveOne();
  advance(kLease);
  expect(1, 0, 0, 0);
}

TEST_F(QueueCounts, RefusedAndDuplicateEventsAreNotCounted) {
  startWith({.max_events = 1});
  const Event first = event();
  accept(first);
  publish(withKeyOf(first, event(), true));
  publish(withKeyOf(first, event(), false));
  publish(event());
  expect(1, 0, 0, 0);
}

TEST_F(QueueCounts, EveryLiveEventIsReadyLeasedOrScheduledAlsoBehindALeasedOne) {
  for (int i = 0; i < 5; ++i) accept(event("sms:a"));
  const Delivery held = receiveOne();
  expect(4, 1, 0, 0);
  end(held, RetryAfter{1h, "busy"});
  expect(4, 0, 1, 0);
}

TEST_F(QueueCounts, TheOldestReadyAgeIsThatOfTheOldestReadyEvent) {
  const auto near = [&](Duration expected) {
    const Duration age = queue().stats().oldest_ready_age;
    EXPECT_GE(age, expected);
    EXPECT_LT(age, expected + 1s);
  };
  accept(event());
  advance(5s);
  accept(event());
  advance(5s);
  near(10s);
  end(receiveOne());
  near(5s);
  end(receiveOne(), RetryAfter{60s, "busy"});
  near(0s);
  advance(63s);
  near(3s);
}

}  // namespace
}  // namespace penstock::test
