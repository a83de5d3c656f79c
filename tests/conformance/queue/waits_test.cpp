#include "conformance/queue/engine_under_test.h"

#include <map>

namespace penstock::test {
namespace {

using Waits = std::map<std::string, Duration>;

/// How long an event was put aside, by cause.
class QueueWaits : public EngineUnderTest {
protected:
  /// Receives the event, puts it aside and lets that time pass.
  void putAside(Duration delay, std::string cause) {
    end(receiveOne(), Release{delay, std::move(cause)});
    advance(delay);
  }
};

TEST_F(QueueWaits, AnEventThatWasNotPutAsideHasNone) {
  accept(event());
  advance(1h);
  EXPECT_EQ(receiveOne().waits, Waits());
}

TEST_F(QueueWaits, ReleasesAddUpByTheirCause) {
  accept(event());
  putAside(2s, "pace");
  putAside(3s, "paused");
  putAside(500ms, "pace");
  const Delivery delivery = receiveOne();
  EXPECT_EQ(delivery.waits, (Waits{{"pace", 2500ms}, {"paused", 3s}}));
  EXPECT_EQ(delivery.attempt, 1U);
}

TEST_F(QueueWaits, EachEventHasItsOwn) {
  const auto both = events(2);
  accept(both);
  const auto held = receive();
  ASSERT_EQ(held.size(), 2U);
  const std::vector<Settlement> settlements{{held[0].token, Release{2s, "pace"}},
                                            {held[1].token, Release{1s, "breaker"}}};
  EXPECT_THAT(queue().settle(settlements), ::testing::Each(SettleVerdict::Settled));
  advance(2s);
  std::map<Uuid, Waits> seen;
  for (const Delivery& delivery : receive()) seen[delivery.event.id] = delivery.waits;
  EXPECT_EQ(seen[held[0].event.id], (Waits{{"pace", 2s}}));
  EXPECT_EQ(seen[held[1].event.id], (Waits{{"breaker", 1s}}));
}

TEST_F(QueueWaits, AReleaseWithoutDelayAddsNothingAndLosesNothing) {
  accept(event());
  putAside(0s, "stop");
  putAside(2s, "pace");
  putAside(0s, "stop");
  EXPECT_EQ(receiveOne().waits, (Waits{{"pace", 2s}}));
}

TEST_F(QueueWaits, ARetryBeginsAnewWithItsDelay) {
  accept(event());
  putAside(2s, "pace");
  end(receiveOne(), RetryAfter{10s, "busy"});
  advance(10s);
  putAside(1s, "breaker");
  const Delivery second = receiveOne();
  EXPECT_EQ(second.waits, (Waits{{"breaker", 1s}, {"held_earlier", 2s}, {"retry", 10s}}));
  EXPECT_EQ(second.attempt, 2U);
  end(second, RetryAfter{0s, "busy"});
  EXPECT_EQ(receiveOne().waits, (Waits{{"held_earlier", 2s}}));
}

TEST_F(QueueWaits, AReplayBeginsWithNone) {
  accept(event());
  putAside(2s, "pace");
  end(receiveOne(), Dead{"no route"});
  ASSERT_EQ(deadLetters().replay({}, 1, 0s), 1U);
  const Delivery first = receiveOne();
  EXPECT_EQ(first.waits, Waits());
  end(first, Release{3s, "paused"});
  advance(3s);
  EXPECT_EQ(receiveOne().waits, (Waits{{"paused", 3s}}));
}

TEST_F(QueueWaits, ALeaseThatRunsOutLeavesThemAsTheyAre) {
  accept(event());
  putAside(2s, "pace");
  receiveOne();
  advance(kLease);
  const Delivery suspect = receiveOne();
  EXPECT_EQ(suspect.attempt, 2U);
  EXPECT_EQ(suspect.waits, (Waits{{"pace", 2s}}));
  end(suspect, Release{1s, "breaker"});
  advance(1s);
  EXPECT_EQ(receiveOne().waits, (Waits{{"breaker", 1s}, {"pace", 2s}}));
}

TEST_F(QueueWaits, CausesAreBoundedAndNoTimeIsLost) {
  accept(event());
  for (int i = 0; i < 20; ++i) putAside(1s, "cause_" + std::to_string(i));
  for (const char* cause : {"", "two words", "\xff'\"\\"}) putAside(1s, cause);
  putAside(1s, std::string(33, 'x'));
  const Waits waits = receiveOne().waits;
  EXPECT_EQ(waits.size(), 16U);
  Duration sum{};
  for (const auto& [cause, time] : waits) sum += time;
  EXPECT_EQ(sum, 24s);
  EXPECT_EQ(waits.at("cause_0"), 1s);
  EXPECT_EQ(waits.at("other"), 9s);
}

}  // namespace
}  // namespace penstock::test
