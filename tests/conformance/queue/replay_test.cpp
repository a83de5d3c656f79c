#include "conformance/queue/engine_under_test.h"

#include <algorithm>

namespace penstock::test {
namespace {

class DeadLetterReplay : public EngineUnderTest {
protected:
  std::vector<Event> buryMany(std::size_t count) {
    const auto dead = events(count);
    for (const Event& event : dead) {
      bury(event);
      advance(1s);
    }
    return dead;
  }
};

TEST_F(DeadLetterReplay, AReplayedEventIsReadyAgainWithAttemptOne) {
  const Event event = this->event();
  accept(event);
  end(receiveOne(), RetryAfter{0s, "busy"});
  end(receiveOne(), Dead{"no route"});
  EXPECT_EQ(deadLetters().replay({}, 10, 0s), 1U);
  EXPECT_TRUE(deadList().empty());
  const Delivery delivery = receiveOne();
  EXPECT_EQ(delivery.event, event);
  EXPECT_EQ(delivery.attempt, 1U);
  EXPECT_EQ(delivery.earlier_attempts, 2U);
  end(delivery, RetryAfter{0s, "busy"});
  const Delivery again = receiveOne();
  EXPECT_EQ(again.attempt, 2U);
  EXPECT_EQ(again.earlier_attempts, 2U);
}

TEST_F(DeadLetterReplay, AgeCountsFromTheReplay) {
  accept(event());
  end(receiveOne(), Dead{"no route"});
  advance(3h);
  ASSERT_EQ(deadLetters().replay({}, 10, 0s), 1U);
  advance(5s);
  const Delivery first = receiveOne();
  EXPECT_GE(first.age, 5s);
  EXPECT_LT(first.age, 6s);
  end(first, RetryAfter{1h, "busy"});
  advance(1h);
  const Delivery second = receiveOne();
  EXPECT_GE(second.age, 1h + 5s);
  EXPECT_LT(second.age, 1h + 7s);
}

TEST_F(DeadLetterReplay, AgeCountsFromItsTurnWhenAReplayIsSpread) {
  buryMany(2);
  ASSERT_EQ(deadLetters().replay({}, 10, 2h), 2U);
  end(receiveOne(), Done{});
  advance(1h + 5s);
  const Delivery second = receiveOne();
  EXPECT_GE(second.age, 5s);
  EXPECT_LT(second.age, 10s);
}

TEST_F(DeadLetterReplay, HistoryIsKept) {
  const Event event = this->event();
  accept(event);
  end(receiveOne(), RetryAfter{0s, "first life"});
  end(receiveOne(), Dead{"first end"});
  ASSERT_EQ(deadLetters().replay({}, 10, 0s), 1U);
  end(receiveOne(), Dead{"second end"});
  const auto letter = deadLetters().get(event.id);
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->reason, "second end");
  EXPECT_EQ(letter->attempts, 3U);
  EXPECT_EQ(letter->replays, 1U);
  std::vector<std::string> reasons;
  std::vector<std::uint32_t> attempts;
  for (const Failure& failure : letter->failures) {
    reasons.push_back(failure.reason);
    attempts.push_back(failure.attempt);
  }
  EXPECT_EQ(reasons, (std::vector<std::string>{"first life", "first end", "second end"}));
  EXPECT_EQ(attempts, (std::vector<std::uint32_t>{1, 2, 1}));
}

TEST_F(DeadLetterReplay, TheCapTakesTheOldest) {
  const auto dead = buryMany(5);
  EXPECT_EQ(deadLetters().replay({}, 2, 0s), 2U);
  EXPECT_THAT(drain(), ::testing::UnorderedElementsAre(dead[0].id, dead[1].id));
  EXPECT_EQ(ids(deadList()), (std::vector{dead[4].id, dead[3].id, dead[2].id}));
  EXPECT_EQ(deadLetters().replay({}, 0, 0s), 0U);
}

TEST_F(DeadLetterReplay, OnlyWhatTheFilterMatches) {
  const auto dead = buryMany(3);
  EXPECT_EQ(deadLetters().replay(where(&DeadLetterFilter::ids, std::vector{dead[1].id}), 10, 0s), 1U);
  EXPECT_EQ(drain(), std::vector{dead[1].id});
  EXPECT_EQ(deadLetters().replay(where(&DeadLetterFilter::reason, "another"), 10, 0s), 0U);
  EXPECT_EQ(deadList().size(), 2U);
}

TEST_F(DeadLetterReplay, ReplaysAreSpreadEvenlyOldestFirst) {
  const auto dead = buryMany(10);
  EXPECT_EQ(deadLetters().replay({}, 10, 100s), 10U);
  EXPECT_TRUE(deadList().empty());
  std::vector<Uuid> seen = drain();
  EXPECT_LE(seen.size(), 1U);
  for (std::size_t second = 10; second <= 100; second += 10) {
    advance(10s);
    const auto more = drain();
    EXPECT_LE(more.size(), 1U);
    seen.insert(seen.end(), more.begin(), more.end());
  }
  EXPECT_EQ(seen, ids(dead));
}

TEST_F(DeadLetterReplay, ManyComeBackAllAndSpreadOverTheWholeTime) {
  constexpr std::size_t kMany = 600;
  constexpr Duration kSpread = 600s;
  accept(events(kMany));
  std::size_t died = 0;
  for (auto held = receive(kMany); !held.empty(); held = receive(kMany)) {
    std::vector<Settlement> endings;
    for (const Delivery& delivery : held) endings.push_back({delivery.token, Dead{"no route"}});
    for (const SettleVerdict verdict : queue().settle(endings)) EXPECT_EQ(verdict, SettleVerdict::Settled);
    died += held.size();
  }
  ASSERT_EQ(died, kMany);
  EXPECT_EQ(deadLetters().list({}, {1, 50}).total, kMany);
  EXPECT_EQ(deadLetters().replay({}, 1000, kSpread), kMany);
  EXPECT_EQ(deadLetters().list({}, {1, 50}).total, 0U);
  advance(kSpread / 2);
  const std::size_t half = drain().size();
  EXPECT_GE(half, kMany / 2);
  EXPECT_LE(half, kMany / 2 + 5);
  advance(kSpread / 2);
  EXPECT_EQ(half + drain().size(), kMany);
}

TEST_F(DeadLetterReplay, WhatWaitsForItsTurnIsScheduled) {
  buryMany(4);
  EXPECT_EQ(deadLetters().replay({}, 4, 1h), 4U);
  const QueueStats stats = queue().stats();
  EXPECT_EQ(stats.ready + stats.scheduled, 4U);
  EXPECT_GE(stats.scheduled, 3U);
  EXPECT_EQ(stats.dead, 0U);
}

TEST_F(DeadLetterReplay, AReplayedLetterIsNotReplayedTwice) {
  buryMany(1);
  EXPECT_EQ(deadLetters().replay({}, 10, 0s), 1U);
  EXPECT_EQ(deadLetters().replay({}, 10, 0s), 0U);
  EXPECT_EQ(drain().size(), 1U);
  advance(24h);
  EXPECT_TRUE(receive().empty());
}

TEST_F(DeadLetterReplay, AReplayedCrashSuspectIsGivenAsManyChancesAgain) {
  const Event poison = event();
  accept(poison);
  receiveOne();
  advance(kLease);
  for (int expiry = 0; expiry < 6; ++expiry) {
    receiveOne();
    advance(kLease);
  }
  ASSERT_TRUE(receive().empty());
  ASSERT_EQ(deadList().size(), 1U);
  ASSERT_EQ(deadLetters().replay({}, 1, 0s), 1U);
  std::uint32_t handed_out = 0;
  for (auto deliveries = receive(); !deliveries.empty(); deliveries = receive()) {
    EXPECT_EQ(deliveries.front().attempt, ++handed_out);
    advance(kLease);
  }
  EXPECT_GE(handed_out, 3U);
  const auto letter = deadLetters().get(poison.id);
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->reason, "crash_suspect");
  EXPECT_EQ(letter->attempts, 7 + handed_out);
}

TEST_F(DeadLetterReplay, ReplayNeverExceedsTheBounds) {
  startWith({.max_events = 3});
  buryMany(3);
  accept(events(2));
  EXPECT_EQ(deadLetters().replay({}, 10, 0s), 1U);
  EXPECT_EQ(queue().stats().ready, 3U);
  EXPECT_EQ(deadList().size(), 2U);
}

}  // namespace
}  // namespace penstock::test
