#include "worker/breaker.h"
#include "worker/limits.h"
#include "worker/sender_metrics.h"
#include "worker/token_bucket.h"

#include <gtest/gtest.h>

#include <map>

namespace penstock::test {

using namespace std::chrono_literals;

constexpr SteadyTime kStart{std::chrono::hours(1)};

TEST(Breaker, OpensAfterSoManyFailuresInARow) {
  Breaker breaker(3, 30s);
  breaker.failed(kStart);
  breaker.failed(kStart);
  breaker.succeeded();
  breaker.failed(kStart);
  breaker.failed(kStart);
  EXPECT_FALSE(breaker.admit(kStart));
  breaker.failed(kStart);
  EXPECT_EQ(breaker.admit(kStart), 30s);
  EXPECT_EQ(breaker.admit(kStart + 10s), 20s);
}

TEST(Breaker, LetsOneTryWhenItsRestIsOver) {
  Breaker breaker(1, 30s);
  breaker.failed(kStart);
  EXPECT_FALSE(breaker.admit(kStart + 30s));
  EXPECT_EQ(breaker.state(), BreakerState::HalfOpen);
  EXPECT_TRUE(breaker.admit(kStart + 30s));
  breaker.succeeded();
  EXPECT_FALSE(breaker.admit(kStart + 30s));
  EXPECT_EQ(breaker.state(), BreakerState::Closed);
}

TEST(Breaker, ATryThatFailsOpensItAgain) {
  Breaker breaker(20, 30s);
  for (int i = 0; i < 20; ++i) breaker.failed(kStart);
  EXPECT_FALSE(breaker.admit(kStart + 31s));
  breaker.failed(kStart + 40s);
  EXPECT_EQ(breaker.admit(kStart + 41s), 29s);
}

TEST(Breaker, ATryThatCameToNothingIsFollowedByAnother) {
  Breaker breaker(1, 30s);
  breaker.failed(kStart);
  EXPECT_FALSE(breaker.admit(kStart + 30s));
  breaker.abandoned(breaker.trial());
  EXPECT_FALSE(breaker.admit(kStart + 30s));
}

TEST(Breaker, AnOlderTryThatCameToNothingDoesNotEndTheOneUnderWay) {
  Breaker breaker(1, 30s);
  breaker.failed(kStart);
  EXPECT_FALSE(breaker.admit(kStart + 30s));
  const std::uint64_t older = breaker.trial();
  breaker.failed(kStart + 31s);
  EXPECT_FALSE(breaker.admit(kStart + 61s));
  breaker.abandoned(older);
  EXPECT_TRUE(breaker.admit(kStart + 61s));
}

TEST(Breaker, StragglersDoNotProlongTheRest) {
  Breaker breaker(1, 30s);
  breaker.failed(kStart);
  breaker.failed(kStart + 20s);
  EXPECT_FALSE(breaker.admit(kStart + 30s));
}

TEST(Breaker, ThoseWhoWaitDoNotComeBackAllAtOnce) {
  Breaker breaker(1, 30s);
  breaker.failed(kStart);
  std::map<Duration, int> waits;
  for (int i = 0; i < 1000; ++i) ++waits[breaker.admit(kStart).value()];
  EXPECT_EQ(waits.begin()->first, 30s);
  EXPECT_EQ(waits.rbegin()->first, 34500ms);
  for (const auto& [wait, count] : waits) EXPECT_EQ(count, 100) << wait.count();
}

TEST(Breaker, WhileOneTriesTheOthersDoNotComeBackAllAtOnce) {
  Breaker breaker(1, 30s);
  breaker.failed(kStart);
  EXPECT_FALSE(breaker.admit(kStart + 30s));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(breaker.admit(kStart + 30s), 500ms);
  EXPECT_EQ(breaker.admit(kStart + 30s), 1s);
  EXPECT_EQ(breaker.admit(kStart + 31s), 500ms) << "a later one does not wait for longer than it must";
}

TEST(Breaker, HoweverManyWaitNoMoreComeBackAtTheSameTime) {
  Breaker breaker(1, 30s);
  breaker.failed(kStart);
  std::map<Duration, int> waits;
  for (int i = 0; i < 100'000; ++i) ++waits[breaker.admit(kStart).value()];
  EXPECT_EQ(waits.rbegin()->first, 529'500ms);
  for (const auto& [wait, count] : waits) EXPECT_EQ(count, 100) << wait.count();
}

TEST(Breaker, OtherBoundsLeaveItAsItIs) {
  Breaker breaker(2, 30s);
  for (int i = 0; i < 2; ++i) breaker.failed(kStart);
  breaker.change(5, 10s);
  EXPECT_EQ(breaker.admit(kStart + 10s), 20s) << "a rest that has begun is as long as it was";
  EXPECT_FALSE(breaker.admit(kStart + 30s));
  breaker.failed(kStart + 30s);
  EXPECT_EQ(breaker.admit(kStart + 31s), 9s) << "one try that fails opens it again";
  EXPECT_FALSE(breaker.admit(kStart + 40s));
  breaker.succeeded();
  for (int i = 0; i < 4; ++i) breaker.failed(kStart + 40s);
  EXPECT_EQ(breaker.state(), BreakerState::Closed);
  breaker.failed(kStart + 40s);
  EXPECT_EQ(breaker.state(), BreakerState::Open);
}

TEST(Breaker, FewerFailuresOpenItWithTheNextOne) {
  Breaker breaker(20, 30s);
  for (int i = 0; i < 10; ++i) breaker.failed(kStart);
  breaker.change(3, 10s);
  EXPECT_FALSE(breaker.admit(kStart));
  breaker.failed(kStart);
  EXPECT_EQ(breaker.admit(kStart), 10s);
}

TEST(TokenBucket, GivesASecondsWorthAndThenItsRate) {
  TokenBucket bucket(2);
  EXPECT_FALSE(bucket.take(kStart));
  EXPECT_FALSE(bucket.take(kStart));
  EXPECT_EQ(bucket.take(kStart), 500ms);
  EXPECT_EQ(bucket.take(kStart), 1s) << "the next one comes after the first";
  EXPECT_FALSE(bucket.take(kStart + 500ms));
  EXPECT_TRUE(bucket.take(kStart + 500ms));
}

TEST(TokenBucket, OfNoRateBoundsNothing) {
  TokenBucket bucket(0);
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(bucket.take(kStart));
}

TEST(TokenBucket, FewAreNotSentAwayForLongerThanAMinute) {
  TokenBucket bucket(0.001);
  EXPECT_FALSE(bucket.take(kStart));
  for (int i = 0; i < 100; ++i) EXPECT_LE(bucket.take(kStart).value(), 1min + 500ms);
}

TEST(TokenBucket, HoweverManyAreSentAwayNoTwoComeBackAtTheSameTime) {
  TokenBucket bucket(0.001);
  EXPECT_FALSE(bucket.take(kStart));
  std::map<Duration, int> waits;
  for (int i = 0; i < 100'000; ++i) ++waits[bucket.take(kStart).value()];
  EXPECT_EQ(waits.size(), 100'000U);
  EXPECT_LT(waits.rbegin()->first, 10min);
}

TEST(TokenBucket, AnotherRateFindsItAsFullAsItWas) {
  TokenBucket bucket(4);
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(bucket.take(kStart));
  bucket.change(8, kStart);
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(bucket.take(kStart)) << "half of eight";
  EXPECT_EQ(bucket.take(kStart), 125ms);
}

TEST(TokenBucket, WhatIsEmptyStaysEmptyButWaitsByTheNewRate) {
  TokenBucket bucket(1);
  EXPECT_FALSE(bucket.take(kStart));
  for (int i = 0; i < 10; ++i) bucket.take(kStart);
  bucket.change(4, kStart);
  EXPECT_EQ(bucket.take(kStart), 250ms);
  bucket.change(0, kStart);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(bucket.take(kStart));
}

Outgoing message(std::string provider, std::string destination, std::string sender) {
  Outgoing made;
  made.provider.name = std::move(provider);
  made.destination = std::move(destination);
  made.event.content.from = std::move(sender);
  return made;
}

TEST(Limits, OneDestinationThatIsFullLeavesOthersRoom) {
  Limits limits({{}, {0, 2}, {}});
  const Outgoing slow = message("p", "slow.example", "a");
  EXPECT_FALSE(limits.enter(slow, kStart));
  EXPECT_FALSE(limits.enter(slow, kStart));
  EXPECT_EQ(limits.enter(slow, kStart)->cause, "destination_limit");
  EXPECT_FALSE(limits.enter(message("p", "quick.example", "a"), kStart));
  limits.leave(message("p", "slow.example", "a"), kStart, kStart);
  EXPECT_FALSE(limits.enter(slow, kStart));
}

TEST(Limits, WhoFindsNoRoomComesBackAsOthersLeave) {
  Limits limits({{}, {0, 2}, {}});
  const Outgoing one = message("p", "hangs.example", "a");
  limits.enter(one, kStart);
  limits.enter(one, kStart);
  EXPECT_EQ(limits.enter(one, kStart + 10s)->time, 5250ms) << "two have not left for ten seconds: one in five";
  EXPECT_EQ(limits.enter(one, kStart + 10s)->time, 10250ms);
  EXPECT_EQ(limits.enter(one, kStart + 10s)->time, 15250ms);
}

TEST(Limits, WhereOthersLeaveQuicklyNobodyWaitsForLong) {
  Limits limits({{}, {0, 100}, {}});
  const Outgoing one = message("p", "quick.example", "a");
  SteadyTime now = kStart;
  for (int i = 0; i < 200; ++i) {
    limits.enter(one, now);
    now += 50ms;
    limits.leave(message("p", "quick.example", "a"), now - 50ms, now);
  }
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(limits.enter(one, now));
  Duration last{};
  for (int i = 0; i < 100; ++i) last = limits.enter(one, now)->time;
  EXPECT_GT(last, 250ms);
  EXPECT_LE(last, 300ms) << "in 50 ms a hundred leave";
}

TEST(Limits, FewAreNotTurnedAwayForMuchLongerThanAMinute) {
  Limits limits({{}, {0, 1}, {}});
  const Outgoing one = message("p", "hangs.example", "a");
  limits.enter(one, kStart);
  for (int i = 0; i < 1000; ++i) EXPECT_LE(limits.enter(one, kStart + 10s)->time, 1min + 5s);
}

TEST(Limits, WhoIsTurnedAwayTakesNoPlaceElsewhere) {
  Limits limits({{0, 1}, {}, {0, 1}});
  EXPECT_FALSE(limits.enter(message("p", "d", "a"), kStart));
  EXPECT_TRUE(limits.enter(message("q", "d", "a"), kStart));
  EXPECT_FALSE(limits.enter(message("q", "d", "b"), kStart));
}

TEST(Limits, WhatHasNotLeftHasNeededNothing) {
  Limits limits({{1, 1}, {1, 1}, {1, 1}});
  const Outgoing one = message("p", "d", "a");
  EXPECT_FALSE(limits.enter(one, kStart));
  limits.undo(one);
  EXPECT_FALSE(limits.enter(one, kStart));
  EXPECT_TRUE(limits.enter(one, kStart));
}

TEST(Limits, RatesCountEachSenderAlone) {
  Limits limits({{}, {}, {1, 0}});
  EXPECT_FALSE(limits.enter(message("p", "d", "a"), kStart));
  EXPECT_EQ(limits.enter(message("p", "d", "a"), kStart)->cause, "sender_limit");
  EXPECT_FALSE(limits.enter(message("p", "d", "b"), kStart));
}

TEST(Limits, IdleNamesAreForgotten) {
  Limits limits({{}, {}, {1, 0}});
  for (int i = 0; i < 100'000; ++i) {
    const std::string sender = std::to_string(i);
    const SteadyTime now = kStart + std::chrono::seconds(i);
    EXPECT_FALSE(limits.enter(message("p", "d", sender), now));
    limits.leave(message("p", "d", sender), now, now);
  }
  EXPECT_LT(limits.names(), 5000u);
}

TEST(Limits, AReloadFindsEverybodyInHisPlace) {
  Limits limits(LimitSettings{});
  const Outgoing one = message("p", "d", "a");
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limits.enter(one, kStart));
  limits.change({{}, {}, {0, 2}}, kStart);
  EXPECT_EQ(limits.enter(one, kStart)->cause, "sender_limit");
  limits.leave(message("p", "d", "a"), kStart, kStart);
  EXPECT_TRUE(limits.enter(one, kStart)) << "two that entered unbounded are under way";
  limits.leave(message("p", "d", "a"), kStart, kStart);
  EXPECT_FALSE(limits.enter(one, kStart));
  limits.change({}, kStart);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(limits.enter(one, kStart));
  for (int i = 0; i < 7; ++i) limits.leave(message("p", "d", "a"), kStart, kStart);
  limits.change({{0, 1}, {0, 1}, {0, 1}}, kStart);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(limits.enter(one, kStart)) << "no place was lost";
    EXPECT_TRUE(limits.enter(one, kStart)) << "and none came of nothing";
    limits.leave(message("p", "d", "a"), kStart, kStart);
  }
}

TEST(Limits, AReloadChangesRatesAtOnce) {
  Limits limits({{}, {}, {1.0 / 60, 0}});
  const Outgoing one = message("p", "d", "a");
  EXPECT_FALSE(limits.enter(one, kStart));
  EXPECT_EQ(limits.enter(one, kStart)->time, 1min);
  limits.change({{}, {}, {4, 0}}, kStart);
  EXPECT_EQ(limits.enter(one, kStart)->time, 250ms);
  limits.change({}, kStart);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(limits.enter(one, kStart));
}

TEST(Limits, WhatAProvidersScriptSaysComesFirst) {
  Limits limits({{0, 2}, {}, {}});
  Outgoing narrow = message("narrow", "d", "a");
  narrow.provider.limits.at_once = 1;
  Outgoing slow = message("slow", "d", "a");
  slow.provider.limits.per_minute = 60;
  EXPECT_FALSE(limits.enter(narrow, kStart));
  EXPECT_EQ(limits.enter(narrow, kStart)->cause, "provider_limit");
  EXPECT_FALSE(limits.enter(slow, kStart));
  EXPECT_EQ(limits.enter(slow, kStart)->time, 1s);
  EXPECT_FALSE(limits.enter(slow, kStart + 1s));
  EXPECT_TRUE(limits.enter(slow, kStart + 2s)) << "of at_once it says nothing";
  narrow.provider.limits.at_once = 3;
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(limits.enter(narrow, kStart)) << "its script was loaded again";
  EXPECT_TRUE(limits.enter(narrow, kStart));
  limits.change({{0, 9}, {}, {}}, kStart);
  EXPECT_TRUE(limits.enter(narrow, kStart));
}

TEST(Waiting, CountsWhoIsNotDueYet) {
  Waiting waiting;
  waiting.add(kStart, 2s);
  waiting.add(kStart, 2s);
  waiting.add(kStart, 1h);
  EXPECT_EQ(waiting.count(kStart), 3U);
  EXPECT_EQ(waiting.count(kStart + 1900ms), 3U);
  EXPECT_EQ(waiting.count(kStart + 2s), 1U);
  EXPECT_EQ(waiting.count(kStart + 59min), 1U);
  EXPECT_EQ(waiting.count(kStart + 1h), 0U);
}

TEST(Waiting, WhoIsPutAsideAgainAndAgainIsCountedOnce) {
  Waiting waiting;
  for (int turn = 0; turn < 1000; ++turn) {
    waiting.add(kStart + turn * 50ms, 50ms);
    EXPECT_EQ(waiting.count(kStart + turn * 50ms), 1U);
  }
}

}  // namespace penstock::test
