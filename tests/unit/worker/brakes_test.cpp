#include "worker/breaker.h"
#include "worker/limits.h"
#include "worker/token_bucket.h"

#include <gtest/gtest.h>

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
  breaker.abandoned();
  EXPECT_FALSE(breaker.admit(kStart + 30s));
}

TEST(Breaker, StragglersDoNotProlongTheRest) {
  Breaker breaker(1, 30s);
  breaker.failed(kStart);
  breaker.failed(kStart + 20s);
  EXPECT_FALSE(breaker.admit(kStart + 30s));
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

TEST(TokenBucket, NobodyIsSentAwayForLongerThanAMinute) {
  TokenBucket bucket(0.001);
  EXPECT_FALSE(bucket.take(kStart));
  for (int i = 0; i < 100; ++i) EXPECT_LE(bucket.take(kStart).value(), 1min);
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
  limits.leave("p", "slow.example", "a", kStart);
  EXPECT_FALSE(limits.enter(slow, kStart));
}

TEST(Limits, WhoIsTurnedAwayTakesNoPlaceElsewhere) {
  Limits limits({{0, 1}, {}, {0, 1}});
  EXPECT_FALSE(limits.enter(message("p", "d", "a"), kStart));
  EXPECT_TRUE(limits.enter(message("q", "d", "a"), kStart));
  EXPECT_FALSE(limits.enter(message("q", "d", "b"), kStart));
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
    limits.leave("p", "d", sender, now);
  }
  EXPECT_LT(limits.names(), 5000u);
}

}  // namespace penstock::test
