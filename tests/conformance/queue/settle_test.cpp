#include "conformance/queue/engine_under_test.h"

namespace penstock::test {
namespace {

class QueueSettle : public EngineUnderTest {};

TEST_F(QueueSettle, DoneRemovesTheEvent) {
  accept(event());
  end(receiveOne());
  advance(24h);
  EXPECT_TRUE(receive().empty());
  EXPECT_TRUE(deadList().empty());
}

TEST_F(QueueSettle, ARetryComesAtItsTimeAndNotBefore) {
  const Event event = this->event();
  accept(event);
  end(receiveOne(), RetryAfter{10s, "busy"});
  EXPECT_TRUE(receive().empty());
  advance(9s);
  EXPECT_TRUE(receive().empty());
  advance(1s);
  const Delivery second = receiveOne();
  EXPECT_EQ(second.event, event);
  EXPECT_EQ(second.attempt, 2U);
  EXPECT_FALSE(second.alone) << "a failure that was reported makes no crash suspect";
}

TEST_F(QueueSettle, ARetryWithoutDelayIsReadyAtOnce) {
  accept(event());
  end(receiveOne(), RetryAfter{0s, "busy"});
  EXPECT_EQ(receiveOne().attempt, 2U);
}

TEST_F(QueueSettle, ADelayInThePastIsNoDelay) {
  accept(event());
  end(receiveOne(), RetryAfter{-1h, "busy"});
  end(receiveOne(), Release{-1h, "drain"});
  EXPECT_EQ(receiveOne().attempt, 2U);
}

TEST_F(QueueSettle, ADelayBeyondAllTimeIsKept) {
  accept(event());
  end(receiveOne(), RetryAfter{Duration::max(), "busy"});
  advance(24h * 30);
  EXPECT_TRUE(receive().empty());
  EXPECT_EQ(queue().stats().scheduled, 1U);
}

TEST_F(QueueSettle, RetriesComeInTheOrderOfTheirTimes) {
  const auto published = events(3);
  accept(published);
  const auto held = receive();
  ASSERT_EQ(held.size(), 3U);
  for (const Delivery& delivery : held) {
    const auto place = std::find(published.begin(), published.end(), delivery.event) - published.begin();
    end(delivery, RetryAfter{std::chrono::seconds(30 - 10 * place), "busy"});
  }
  for (std::size_t i = 3; i-- > 0;) {
    advance(10s);
    EXPECT_EQ(drain(), std::vector{published[i].id});
  }
}

TEST_F(QueueSettle, AReleaseComesBackWithoutAnAttemptCounted) {
  accept(event());
  end(receiveOne(), Release{0s, "drain"});
  const Delivery second = receiveOne();
  EXPECT_EQ(second.attempt, 1U);
  EXPECT_FALSE(second.alone);
  end(second, RetryAfter{0s, "busy"});
  end(receiveOne(), Release{0s, "drain"});
  EXPECT_EQ(receiveOne().attempt, 2U);
}

TEST_F(QueueSettle, AParkedEventComesAtItsTimeAndNotBefore) {
  accept(event());
  end(receiveOne(), Release{1h, "paused"});
  advance(59min);
  EXPECT_TRUE(receive().empty());
  advance(1min);
  EXPECT_EQ(receiveOne().attempt, 1U);
}

TEST_F(QueueSettle, DeadMovesTheEventToTheDeadLetters) {
  const Event event = this->event();
  bury(event, "no route");
  EXPECT_TRUE(receive().empty());
  const auto letters = deadList();
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters.front().event, event);
  EXPECT_EQ(letters.front().reason, "no route");
}

TEST_F(QueueSettle, VerdictsStandInTheOrderOfTheSettlements) {
  accept(events(2));
  const auto held = receive();
  ASSERT_EQ(held.size(), 2U);
  const std::vector<Settlement> settlements{{LeaseToken{{1, 2, 3}}, Done{}},
                                            {held[0].token, Done{}},
                                            {held[0].token, Dead{"twice"}},
                                            {LeaseToken{}, Dead{"never leased"}},
                                            {held[1].token, RetryAfter{0s, "busy"}}};
  EXPECT_THAT(queue().settle(settlements),
              ::testing::ElementsAre(SettleVerdict::LeaseLost, SettleVerdict::Settled, SettleVerdict::LeaseLost,
                                     SettleVerdict::LeaseLost, SettleVerdict::Settled));
  EXPECT_EQ(drain(), std::vector{held[1].event.id});
  EXPECT_TRUE(deadList().empty());
}

TEST_F(QueueSettle, SettlingNothingIsAnsweredWithNothing) { EXPECT_TRUE(queue().settle({}).empty()); }

TEST_F(QueueSettle, AForgedTokenSettlesNothing) {
  accept(event());
  Delivery delivery = receiveOne();
  for (std::uint64_t& word : delivery.token.words) {
    word ^= 1;
    EXPECT_EQ(settle(delivery, Done{}), SettleVerdict::LeaseLost);
    word ^= 1;
  }
  end(delivery);
}

}  // namespace
}  // namespace penstock::test
