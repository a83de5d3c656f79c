#include "conformance/queue/engine_under_test.h"

#include <atomic>
#include <future>
#include <thread>

namespace penstock::test {
namespace {

class QueueReceive : public EngineUnderTest {
protected:
  std::future<std::vector<Delivery>> receiveLater(Duration wait, std::stop_token stop = {}) {
    return std::async(std::launch::async, [this, wait, stop] { return queue().receive(10, kLease, wait, stop); });
  }
  static bool done(const std::future<std::vector<Delivery>>& call) {
    return call.wait_for(0s) == std::future_status::ready;
  }
};

TEST_F(QueueReceive, AnEmptyQueueGivesNothing) { EXPECT_TRUE(receive().empty()); }

TEST_F(QueueReceive, NeverMoreThanAsked) {
  accept(events(5));
  EXPECT_EQ(receive(1).size(), 1U);
  EXPECT_LE(receive(2).size(), 2U);
  EXPECT_TRUE(receive(0).empty());
}

TEST_F(QueueReceive, EveryEventIsHandedOutOnce) {
  const auto published = events(200);
  accept(published);
  EXPECT_THAT(drain(), ::testing::UnorderedElementsAreArray(ids(published)));
}

TEST_F(QueueReceive, AWaitingCallReturnsWhenAnEventIsPublished) {
  auto call = receiveLater(1h);
  const Event event = this->event();
  accept(event);
  EXPECT_EQ(ids(call.get()), std::vector{event.id});
}

TEST_F(QueueReceive, AWaitingCallReturnsWhenARetryIsDue) {
  accept(event());
  end(receiveOne(), RetryAfter{5s, "busy"});
  auto call = receiveLater(1h);
  advance(5s);
  EXPECT_EQ(call.get().size(), 1U);
}

TEST_F(QueueReceive, AWaitingCallReturnsWhenALeaseRunsOut) {
  accept(event());
  receiveOne();
  auto call = receiveLater(1h);
  advance(kLease);
  EXPECT_EQ(call.get().size(), 1U);
}

TEST_F(QueueReceive, AWaitingCallReturnsWhenAConversationIsFreeAgain) {
  accept({event("sms:a"), event("sms:a")});
  const Delivery first = receiveOne();
  auto call = receiveLater(1h);
  end(first);
  EXPECT_EQ(call.get().size(), 1U);
}

TEST_F(QueueReceive, AWaitingCallReturnsEmptyWhenItsWaitIsOver) {
  auto call = receiveLater(5s);
  for (int steps = 0; !done(call); ++steps) {
    ASSERT_LT(steps, 1'000'000);
    advance(1s);
    std::this_thread::yield();
  }
  EXPECT_TRUE(call.get().empty());
}

TEST_F(QueueReceive, AWaitingCallReturnsEmptyWhenItsCallerStopsIt) {
  std::stop_source source;
  auto call = receiveLater(1h, source.get_token());
  source.request_stop();
  EXPECT_TRUE(call.get().empty());
}

TEST_F(QueueReceive, ACallThatIsStoppedAlreadyTakesNothing) {
  accept(event());
  std::stop_source source;
  source.request_stop();
  EXPECT_TRUE(queue().receive(10, kLease, 1h, source.get_token()).empty());
  EXPECT_EQ(receiveOne().attempt, 1U);
}

TEST_F(QueueReceive, OfManyWaitingCallsEachEventGoesToOne) {
  std::vector<std::future<std::vector<Delivery>>> calls;
  for (int i = 0; i < 4; ++i)
    calls.push_back(std::async(std::launch::async, [this] { return queue().receive(1, kLease, 1h, {}); }));
  const auto published = events(64);
  accept(published);
  std::vector<Uuid> received;
  for (auto& call : calls) {
    const auto deliveries = call.get();
    ASSERT_EQ(deliveries.size(), 1U);
    received.push_back(deliveries.front().event.id);
    end(deliveries.front());
  }
  const auto rest = drain();
  received.insert(received.end(), rest.begin(), rest.end());
  EXPECT_THAT(received, ::testing::UnorderedElementsAreArray(ids(published)));
}

TEST_F(QueueReceive, ADeliverySaysHowLongItWasReady) {
  accept(event());
  advance(7s);
  const Delivery first = receiveOne();
  EXPECT_GE(first.waited, 7s);
  EXPECT_LT(first.waited, 8s);
  end(first, RetryAfter{10s, "busy"});
  advance(12s);
  const Delivery second = receiveOne();
  EXPECT_GE(second.waited, 2s);
  EXPECT_LT(second.waited, 3s);
}

TEST_F(QueueReceive, ADeliverySaysHowOldItIsWhateverTheEventSays) {
  accept(event());  // accepted long ago by a clock that is wrong
  advance(7s);
  const Delivery first = receiveOne();
  EXPECT_GE(first.age, 7s);
  EXPECT_LT(first.age, 8s);
  end(first, RetryAfter{1h, "busy"});
  advance(2h);
  const Delivery second = receiveOne();
  EXPECT_GE(second.age, 2h + 7s);
  EXPECT_LT(second.age, 2h + 9s);
}

}  // namespace
}  // namespace penstock::test
