#include "conformance/queue/engine_under_test.h"

#include <future>
#include <latch>
#include <thread>

namespace penstock::test {
namespace {

class QueueStop : public EngineUnderTest {};

TEST_F(QueueStop, WaitingReceiversReturnEmpty) {
  std::vector<std::future<std::vector<Delivery>>> calls;
  for (int i = 0; i < 3; ++i)
    calls.push_back(std::async(std::launch::async, [this] { return queue().receive(10, kLease, 1h, {}); }));
  stop();
  for (auto& call : calls) EXPECT_TRUE(call.get().empty());
}

TEST_F(QueueStop, AfterStopPublishingIsUnavailable) {
  stop();
  EXPECT_EQ(publish(event()).verdict, PublishVerdict::Unavailable);
}

TEST_F(QueueStop, AfterStopNothingIsReceived) {
  accept(event());
  stop();
  EXPECT_TRUE(receive().empty());
}

TEST_F(QueueStop, AfterStopTheOtherCallsThrowQueueUnavailable) {
  accept(event());
  const Delivery delivery = receiveOne();
  stop();
  const Settlement settlement{delivery.token, Done{}};
  EXPECT_THROW(queue().settle({&settlement, 1}), QueueUnavailable);
  EXPECT_THROW(queue().stats(), QueueUnavailable);
  EXPECT_THROW(deadLetters().list({}, {}), QueueUnavailable);
  EXPECT_THROW(deadLetters().get(delivery.event.id), QueueUnavailable);
  EXPECT_THROW(deadLetters().replay({}, 1, 0s), QueueUnavailable);
  EXPECT_THROW(deadLetters().discard({&delivery.event.id, 1}), QueueUnavailable);
}

TEST_F(QueueStop, StoppingAmongPublishersAnswersEachOnce) {
  constexpr std::size_t kThreads = 3;
  std::vector<std::vector<Event>> shares;
  for (std::size_t i = 0; i < kThreads; ++i) shares.push_back(events(200));
  std::vector<std::vector<Answer>> answers(kThreads);
  std::latch started(kThreads + 1);
  std::vector<std::jthread> publishers;
  for (std::size_t i = 0; i < kThreads; ++i)
    publishers.emplace_back([&, i] {
      for (std::size_t sent = 0; sent < shares[i].size(); ++sent) {
        answers[i].push_back(publishLater(shares[i][sent]));
        if (sent == 20) started.arrive_and_wait();
      }
    });
  started.arrive_and_wait();
  stop();
  publishers.clear();
  for (const auto& share : answers) {
    for (std::size_t sent = 0; sent < share.size(); ++sent) {
      const PublishVerdict verdict = share[sent].await().verdict;
      EXPECT_TRUE(verdict == PublishVerdict::Accepted || verdict == PublishVerdict::Unavailable);
      if (sent < 20) {
        EXPECT_EQ(verdict, PublishVerdict::Accepted);
      }
    }
  }
}

TEST_F(QueueStop, StoppingTwiceIsStoppingOnce) {
  stop();
  stop();
  EXPECT_EQ(publish(event()).verdict, PublishVerdict::Unavailable);
}

}  // namespace
}  // namespace penstock::test
