#include "sending_fixture.h"

#include <atomic>

namespace penstock::test {

/// How many may be on their way, and what keeps the others back.
class SendingRoomTest : public SendingTest {};

TEST_F(SendingRoomTest, ASendEndsBeforeItsLeaseDoes) {
  settings.lease = 12s;
  start();
  EXPECT_EQ(became<Release>().delay, 100ms) << "it is not handed out again and again";
  EXPECT_EQ(transport.sends(), 0u) << "there was not time enough";
}

TEST_F(SendingRoomTest, ManyAreOnTheirWayAtOnce) {
  transport.on_send = [](const OutboundRequest&) { return std::optional<SendOutcome>(); };
  start();
  queue.give(makeOutbounds(1, 500));
  queue.give(makeOutbounds(501, 500));
  transport.awaitSends(1000);
  EXPECT_EQ(metrics.value("penstock_sends_in_flight"), 1000);
  for (int i = 0; i < 1000; ++i) transport.answer(answered(202));
  EXPECT_EQ(queue.awaitSettled(1000).size(), 1000u);
}

TEST_F(SendingRoomTest, NoMoreAreReceivedThanMayBeOnTheirWay) {
  settings.sending.in_flight = 3;
  settings.receive = 3;
  transport.on_send = [](const OutboundRequest&) { return std::optional<SendOutcome>(); };
  start();
  queue.give(makeOutbounds(1, 3));
  transport.awaitSends(3);
  queue.give(makeOutbounds(4, 1));
  transport.answer(answered(202));
  transport.awaitSends(4);
  for (int i = 0; i < 3; ++i) transport.answer(answered(202));
  EXPECT_EQ(queue.awaitSettled(4).size(), 4u);
}

TEST_F(SendingRoomTest, ManyThreadsTogetherReceiveNoMoreThanMayBeOnTheirWay) {
  settings.concurrency = 4;
  settings.sending.in_flight = 10;
  settings.receive = 10;
  transport.on_send = [](const OutboundRequest&) { return std::optional<SendOutcome>(); };
  start();
  for (unsigned number = 1; number <= 20; ++number) queue.give(makeOutbounds(number, 1));
  transport.awaitSends(10);
  EXPECT_EQ(transport.sends(), 10u);
  EXPECT_EQ(metrics.value("penstock_sends_in_flight"), 10);
  for (int i = 0; i < 10; ++i) transport.answer(answered(202));
  transport.awaitSends(20);
  for (int i = 0; i < 10; ++i) transport.answer(answered(202));
  EXPECT_EQ(queue.awaitSettled(20).size(), 20u);
}

TEST_F(SendingRoomTest, AFullHouseReceivesBatchesNotOneForEachThatLeaves) {
  settings.sending.in_flight = 100;
  settings.receive = 100;
  transport.on_send = [](const OutboundRequest&) { return std::optional<SendOutcome>(); };
  start();
  queue.give(makeOutbounds(1, 100));
  transport.awaitSends(100);
  queue.give(makeOutbounds(101, 10));
  for (int i = 0; i < 10; ++i) transport.answer(answered(202));
  transport.awaitSends(110);
  EXPECT_EQ(count("exceptions_total"), 0) << "fewer were asked for than had left";
  for (int i = 0; i < 100; ++i) transport.answer(answered(202));
  EXPECT_EQ(queue.awaitSettled(110).size(), 110u);
}

TEST_F(SendingRoomTest, AProviderIsNotLeftAloneBecauseTheTransportHasNoRoom) {
  settings.sending.breaker_failures = 2;
  policy.on_retry = [](const RetryQuestion&) { return std::optional<Duration>(3s); };
  transport.on_send = [](const OutboundRequest&) { return std::optional<SendOutcome>(failed(SendFault::Busy, false)); };
  start();
  queue.give(makeOutbounds(1, 5));
  queue.awaitSettled(5);
  queue.give(makeOutbounds(6, 5));
  for (const auto& one : queue.awaitSettled(10))
    EXPECT_TRUE(std::holds_alternative<RetryAfter>(one.settlement.outcome));
  EXPECT_EQ(worker->health().state, HealthState::Ready);
}

TEST_F(SendingRoomTest, AMessageIsNotGivenUpBecauseTheTransportHasNoRoom) {
  policy.on_retry = [](const RetryQuestion& question) {
    return question.number >= 3 ? std::nullopt : std::optional<Duration>(3s);
  };
  transport.on_send = [](const OutboundRequest&) { return std::optional<SendOutcome>(failed(SendFault::Busy, false)); };
  start();
  EXPECT_EQ(became<RetryAfter>(makeOutbound(1), 3).delay, 1s);
  EXPECT_EQ(store.attempts().front().end, AttemptEnd::Open);
}

TEST_F(SendingRoomTest, WhatIsLostWaitsNeitherForAStartNorForALimit) {
  routeTo("plain", MessageStatus::Sending);
  settings.autostart = false;
  store.on_begin = [](const Intent&) { return BeginResult{false, MessageStatus::Unknown}; };
  start();
  EXPECT_EQ(became<Dead>(makeOutbound(1), 2).grounds, Grounds::Unknown);
  ASSERT_EQ(store.intents().size(), 1U);
  EXPECT_FALSE(store.intents().front().resend);
}

TEST_F(SendingRoomTest, WhatIsLostIsSoInTheStoreAlsoWhenNobodySendsSuchAny) {
  routeTo("plain", MessageStatus::Sending);
  policy.on_route = [](const Event&) { return Routing{Routing::Verdict::NoRoute, {}}; };
  store.on_begin = [](const Intent&) { return BeginResult{false, MessageStatus::Unknown}; };
  start();
  EXPECT_EQ(became<Dead>(makeOutbound(1), 2).grounds, Grounds::Unknown);
  ASSERT_EQ(store.intents().size(), 1U);
  EXPECT_FALSE(store.intents().front().resend);
  EXPECT_TRUE(store.attempts().empty());
}

TEST_F(SendingRoomTest, WhatWasTakenForLostAndIsNotIsSentLater) {
  routeTo("plain", MessageStatus::Sending);
  policy.on_retry = [](const RetryQuestion&) { return std::optional<Duration>(3s); };
  start();
  EXPECT_EQ(became<RetryAfter>(makeOutbound(1), 2).delay, 3s);
  EXPECT_EQ(store.attempts().front().outcome, AttemptOutcome::NotSent);
  EXPECT_EQ(transport.sends(), 0U);
}

TEST_F(SendingRoomTest, WhatDoesNotLeaveTakesNothingFromTheLimits) {
  settings.sending.limits.provider = {1.0, 1};
  std::atomic<bool> refuses = true;
  store.on_begin = [&](const Intent&) {
    return refuses.exchange(false) ? BeginResult{false, MessageStatus::Sent}
                                   : BeginResult{true, MessageStatus::Sending};
  };
  start();
  queue.give({makeOutbound(1)});
  queue.awaitSettled(1);
  queue.give({makeOutbound(2)});
  EXPECT_TRUE(std::holds_alternative<Done>(queue.awaitSettled(2).back().settlement.outcome));
  EXPECT_EQ(transport.sends(), 1U);
}

TEST_F(SendingRoomTest, AMessageGrowsTooOldBehindABreaker) {
  settings.sending.breaker_failures = 1;
  policy.on_retry = [](const RetryQuestion& question) {
    return question.age >= 72h ? std::nullopt : std::optional<Duration>(3s);
  };
  transport.on_send = [](const OutboundRequest&) { return std::optional<SendOutcome>(answered(500)); };
  start();
  queue.give({makeOutbound(1)});
  EXPECT_TRUE(std::holds_alternative<RetryAfter>(queue.awaitSettled(1).front().settlement.outcome));
  queue.age = 73h;
  queue.give({makeOutbound(2)});
  const auto settled = queue.awaitSettled(2);
  EXPECT_EQ(std::get<Dead>(settled[1].settlement.outcome).grounds, Grounds::GaveUp);
  EXPECT_EQ(store.attempts().back().end, AttemptEnd::Dead);
  EXPECT_EQ(transport.sends(), 1U);
}

TEST_F(SendingRoomTest, NobodyGrowsOlderWhileSendingIsStopped) {
  queue.age = 73h;
  queue.waits[makeOutbound(1).id] = {{"paused", 20h}, {"pace", 40h}, {"held_earlier", 10h}};
  policy.on_retry = [](const RetryQuestion& question) {
    EXPECT_EQ(question.age, 3h);
    return std::optional<Duration>(3s);
  };
  transport.on_send = [](const OutboundRequest&) { return std::optional<SendOutcome>(answered(500)); };
  start();
  became<RetryAfter>();
  const std::map<std::string, Duration> shown{{"pace", 40h}, {"paused", 20h}};
  EXPECT_EQ(store.attempts().at(0).waits, shown);
}

TEST_F(SendingRoomTest, WhetherAProviderIsLeftAloneOrTriedIsShown) {
  const std::string gauge = "penstock_breaker_open{provider=\"plain\"}";
  std::atomic<bool> fails = true;
  settings.sending.breaker_failures = 1;
  policy.on_retry = [](const RetryQuestion&) { return std::optional<Duration>(3s); };
  transport.on_send = [&](const OutboundRequest&) {
    return fails ? std::optional<SendOutcome>(answered(500)) : std::nullopt;
  };
  start();
  queue.give(makeOutbounds(1, 1));
  queue.awaitSettled(1);
  EXPECT_EQ(metrics.value(gauge), 1);
  fails = false;
  clock.advance(30s);
  queue.give(makeOutbounds(2, 1));
  transport.awaitSends(2);
  EXPECT_EQ(metrics.value(gauge), 0.5);
  transport.answer(answered(202));
  stop();
  EXPECT_EQ(metrics.value(gauge), 0);
  for (const char* state : {"open", "half_open", "closed"}) {
    const std::string series = "penstock_breaker_transitions_total{provider=\"plain\",state=\"";
    EXPECT_EQ(metrics.value(series + state + "\"}"), 1) << state;
  }
}

TEST_F(SendingRoomTest, HowManyWaitForABreakerIsShown) {
  const std::string gauge = "penstock_send_waiting{cause=\"breaker\"}";
  settings.sending.breaker_failures = 1;
  policy.on_retry = [](const RetryQuestion&) { return std::optional<Duration>(3s); };
  transport.on_send = [](const OutboundRequest&) { return std::optional<SendOutcome>(answered(500)); };
  start();
  queue.give(makeOutbounds(1, 1));
  queue.awaitSettled(1);
  EXPECT_EQ(metrics.value(gauge), 0);
  queue.give(makeOutbounds(2, 3));
  queue.awaitSettled(4);
  EXPECT_GE(metrics.value(gauge), 3) << "the queue hands out again at once what was put aside";
}

TEST_F(SendingRoomTest, AStopWaitsForWhatIsOnItsWay) {
  transport.on_send = [](const OutboundRequest&) { return std::optional<SendOutcome>(); };
  start();
  queue.give(makeOutbounds(1, 1));
  transport.awaitSends(1);
  std::jthread answering([&] {
    queue.awaitStopRequested();
    transport.answer(answered(202));
  });
  worker->stop(clock.now() + 10s);
  EXPECT_TRUE(std::holds_alternative<Done>(queue.awaitSettled(1).front().settlement.outcome));
}

}  // namespace penstock::test
