#include "conformance/queue/engine_under_test.h"

namespace penstock::test {
namespace {

/// What an engine promises that declares itself volatile.
class QueueVolatility : public EngineUnderTest {};

TEST_F(QueueVolatility, TheEngineSaysSo) { EXPECT_FALSE(queue().durable()); }

TEST_F(QueueVolatility, ARestartBeginsEmpty) {
  bury(event());
  const Event first = event();
  accept(first);
  restart();
  EXPECT_TRUE(receive().empty());
  EXPECT_TRUE(deadList().empty());
  EXPECT_EQ(publish(first).verdict, PublishVerdict::Accepted);
}

TEST_F(QueueVolatility, LeasesOfTheRunBeforeAreLost) {
  const Event first = event();
  accept(first);
  const Delivery before = receiveOne();
  restart();
  accept(first);
  const Delivery after = receiveOne();
  EXPECT_EQ(settle(before, Done{}), SettleVerdict::LeaseLost);
  end(after);
}

/// What every other engine promises.
class QueueDurability : public EngineUnderTest {};

TEST_F(QueueDurability, TheEngineSaysSo) { EXPECT_TRUE(queue().durable()); }

TEST_F(QueueDurability, AcceptedEventsOutliveARestartInTheirOrder) {
  std::vector<Event> published;
  for (int i = 0; i < 10; ++i) published.push_back(event("sms:a"));
  accept(published);
  restart();
  EXPECT_EQ(drain(), ids(published));
}

TEST_F(QueueDurability, KeysOutliveARestart) {
  const Event finished = event();
  accept(finished);
  end(receiveOne());
  restart();
  EXPECT_EQ(publish(withKeyOf(finished, event(), true)).id, finished.id);
  EXPECT_EQ(publish(withKeyOf(finished, event(), false)).verdict, PublishVerdict::Conflict);
}

TEST_F(QueueDurability, RetryTimesAndAttemptsOutliveARestart) {
  accept(event());
  end(receiveOne(), RetryAfter{1h, "busy"});
  restart();
  EXPECT_TRUE(receive().empty());
  advance(1h);
  EXPECT_EQ(receiveOne().attempt, 2U);
}

TEST_F(QueueDurability, WhatEventsHaveWaitedForOutlivesARestart) {
  accept(event());
  end(receiveOne(), Release{1h, "paused"});
  restart();
  advance(1h);
  const Delivery first = receiveOne();
  EXPECT_EQ(first.waits, (std::map<std::string, Duration>{{"paused", 1h}}));
  end(first, Release{2h, "pace"});
  restart();
  advance(2h);
  const std::map<std::string, Duration> both{{"pace", 2h}, {"paused", 1h}};
  EXPECT_EQ(receiveOne().waits, both);
  restart();
  advance(kLease);
  EXPECT_EQ(receiveOne().waits, both) << "it was leased when the run before ended";
}

TEST_F(QueueDurability, LeasedEventsComeBackAndTheOldHolderIsFenced) {
  accept(event());
  const Delivery before = receiveOne();
  restart();
  advance(kLease);
  const Delivery again = receiveOne();
  EXPECT_EQ(again.event, before.event);
  EXPECT_EQ(again.attempt, 2U);
  EXPECT_EQ(settle(before, Done{}), SettleVerdict::LeaseLost);
}

TEST_F(QueueDurability, WhatIsCondemnedIsSoAfterARestart) {
  accept(event());
  for (int expiry = 0; expiry < 4; ++expiry) {
    receiveOne();
    advance(kLease);
  }
  end(receiveOne(), Release{1min, "store"});
  restart();
  advance(1min);
  EXPECT_EQ(receiveOne().condemned, Grounds::CrashSuspect);
}

TEST_F(QueueDurability, DeadLettersAndTheirHistoryOutliveARestart) {
  const Event dead = event();
  bury(dead, "no route");
  restart();
  const auto letter = deadLetters().get(dead.id);
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->event, dead);
  EXPECT_EQ(letter->reason, "no route");
  EXPECT_EQ(letter->failures.size(), 1U);
}

}  // namespace
}  // namespace penstock::test
