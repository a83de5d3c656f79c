#include "conformance/queue/engine_under_test.h"

#include <thread>

namespace penstock::test {
namespace {

class QueuePublish : public EngineUnderTest {};

TEST_F(QueuePublish, AcceptedAnswersWithTheEventsOwnId) {
  const Event event = this->event();
  const PublishResult result = publish(event);
  EXPECT_EQ(result.verdict, PublishVerdict::Accepted);
  EXPECT_EQ(result.id, event.id);
}

TEST_F(QueuePublish, AnAcceptedEventCanBeReceived) {
  const Event event = this->event();
  accept(event);
  EXPECT_EQ(receiveOne().event, event);
}

TEST_F(QueuePublish, EachHandlerIsAnsweredOnceFromManyThreads) {
  constexpr int kThreads = 4;
  constexpr std::size_t kEach = 100;
  std::vector<std::vector<Event>> shares;
  for (int i = 0; i < kThreads; ++i) shares.push_back(events(kEach));
  {
    std::vector<std::jthread> publishers;
    for (const auto& share : shares) publishers.emplace_back([this, &share] { accept(share); });
  }
  EXPECT_EQ(queue().stats().ready, kThreads * kEach);
}

TEST_F(QueuePublish, AHandlerMayPublishAgain) {
  const Event first = event();
  const Event second = event();
  Answer nested;
  Answer outer;
  queue().publish(first, [&, answer = outer.handler()](PublishResult result) mutable {
    queue().publish(second, nested.handler());
    answer(result);
  });
  EXPECT_EQ(outer.await().verdict, PublishVerdict::Accepted);
  EXPECT_EQ(nested.await().verdict, PublishVerdict::Accepted);
}

TEST_F(QueuePublish, WhatWasAcceptedIsThereOnceTheAnswerIsGiven) {
  for (int i = 0; i < 50; ++i) {
    const Event event = this->event();
    Answer received;
    queue().publish(event, [answer = received.handler()](PublishResult result) mutable { answer(result); });
    received.await();
    const Delivery delivery = receiveOne();
    ASSERT_EQ(delivery.event.id, event.id);
    end(delivery);
  }
}

}  // namespace
}  // namespace penstock::test
