#include "conformance/queue/engine_under_test.h"

#include <set>

namespace penstock::test {
namespace {

class QueueLeases : public EngineUnderTest {};

TEST_F(QueueLeases, ALeasedEventHasOneHolder) {
  accept(event());
  receiveOne();
  EXPECT_TRUE(receive().empty());
  advance(kLease - 1s);
  EXPECT_TRUE(receive().empty());
}

TEST_F(QueueLeases, AnExpiredLeaseIsHandedOutAgain) {
  const Event event = this->event();
  accept(event);
  receiveOne();
  advance(kLease);
  EXPECT_EQ(receiveOne().event.id, event.id);
}

TEST_F(QueueLeases, EachCallSetsItsOwnLease) {
  accept(event());
  receiveOne(5s);
  advance(4s);
  EXPECT_TRUE(receive().empty());
  advance(1s);
  receiveOne(1h);
  advance(59min);
  EXPECT_TRUE(receive().empty());
  advance(1min);
  receiveOne();
}

TEST_F(QueueLeases, ASettledEventDoesNotComeBackWhenItsLeaseWouldHaveRunOut) {
  accept(event());
  end(receiveOne());
  advance(kLease * 10);
  EXPECT_TRUE(receive().empty());
}

TEST_F(QueueLeases, AttemptsCountFromOneAndEachLostLeaseCounts) {
  accept(event());
  EXPECT_EQ(receiveOne().attempt, 1U);
  advance(kLease);
  EXPECT_EQ(receiveOne().attempt, 2U);
  advance(kLease);
  EXPECT_EQ(receiveOne().attempt, 3U);
}

TEST_F(QueueLeases, TokensAreNeverUsedAgain) {
  accept(events(20));
  std::set<LeaseToken> tokens;
  std::size_t deliveries = 0;
  for (int round = 0; round < 5; ++round) {
    for (auto batch = receive(); !batch.empty(); batch = receive()) {
      for (const Delivery& delivery : batch) {
        tokens.insert(delivery.token);
        ++deliveries;
        end(delivery, RetryAfter{1s, "busy"});
      }
    }
    advance(1s);
  }
  EXPECT_EQ(deliveries, 100U);
  EXPECT_EQ(tokens.size(), 100U);
}

class QueueFencing : public EngineUnderTest,
                     public ::testing::WithParamInterface<std::variant<Done, RetryAfter, Dead, Release>> {};

TEST_P(QueueFencing, ALateSettlementIsLostAndChangesNothing) {
  const Event event = this->event();
  accept(event);
  const Delivery late = receiveOne();
  advance(kLease);
  EXPECT_EQ(settle(late, GetParam()), SettleVerdict::LeaseLost);
  EXPECT_EQ(queue().stats().ready, 1U);
  EXPECT_EQ(queue().stats().dead, 0U);
  const Delivery again = receiveOne();
  EXPECT_EQ(again.event.id, event.id);
  EXPECT_EQ(again.attempt, 2U);
}

TEST_P(QueueFencing, ALateSettlementDoesNotTouchTheNextHolder) {
  accept(event());
  const Delivery late = receiveOne();
  advance(kLease);
  const Delivery holder = receiveOne();
  EXPECT_EQ(settle(late, GetParam()), SettleVerdict::LeaseLost);
  EXPECT_EQ(queue().stats().leased, 1U);
  EXPECT_EQ(settle(holder, Done{}), SettleVerdict::Settled);
}

TEST_P(QueueFencing, ARepeatedSettlementIsLost) {
  accept(event());
  const Delivery delivery = receiveOne();
  EXPECT_EQ(settle(delivery, GetParam()), SettleVerdict::Settled);
  EXPECT_EQ(settle(delivery, GetParam()), SettleVerdict::LeaseLost);
  EXPECT_EQ(settle(delivery, Done{}), SettleVerdict::LeaseLost);
}

std::string outcomeName(const ::testing::TestParamInfo<QueueFencing::ParamType>& chosen) {
  static constexpr const char* kWords[] = {"Done", "RetryAfter", "Dead", "Release"};
  return kWords[chosen.param.index()];
}

INSTANTIATE_TEST_SUITE_P(Outcomes, QueueFencing,
                         ::testing::Values(Done{}, RetryAfter{1h, "busy"}, Dead{"no route"}, Release{1h, "paused"}),
                         outcomeName);

}  // namespace
}  // namespace penstock::test
