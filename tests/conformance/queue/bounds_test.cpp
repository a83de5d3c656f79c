#include "conformance/queue/engine_under_test.h"

namespace penstock::test {
namespace {

constexpr std::size_t kBody = 16 * 1024;

class QueueBounds : public EngineUnderTest {
protected:
  /// Publishes until the first Full; how many were accepted before.
  std::size_t fill(std::size_t body, std::size_t most) {
    for (std::size_t accepted = 0; accepted < most; ++accepted) {
      const PublishVerdict verdict = publish(event({}, std::string(body, 'x'))).verdict;
      if (verdict == PublishVerdict::Full) return accepted;
      EXPECT_EQ(verdict, PublishVerdict::Accepted);
    }
    return most;
  }
};

TEST_F(QueueBounds, BeyondMaxEventsPublishingIsFull) {
  startWith({.max_events = 10});
  EXPECT_EQ(fill(10, 100), 10U);
  EXPECT_EQ(queue().stats().ready, 10U);
}

TEST_F(QueueBounds, LeasedAndScheduledEventsTakeRoom) {
  startWith({.max_events = 3});
  accept(events(3));
  const auto held = receive();
  ASSERT_EQ(held.size(), 3U);
  end(held[0], RetryAfter{1h, "busy"});
  end(held[1], Release{1h, "paused"});
  EXPECT_EQ(publish(event()).verdict, PublishVerdict::Full);
}

TEST_F(QueueBounds, FinishedAndDeadEventsTakeNoRoom) {
  startWith({.max_events = 2});
  accept(events(2));
  const auto held = receive();
  ASSERT_EQ(held.size(), 2U);
  end(held[0]);
  end(held[1], Dead{"no route"});
  accept(events(2));
  EXPECT_EQ(publish(event()).verdict, PublishVerdict::Full);
}

TEST_F(QueueBounds, WhatWasRefusedLeavesNothingBehind) {
  startWith({.max_events = 1});
  accept(event());
  const Event refused = event();
  ASSERT_EQ(publish(refused).verdict, PublishVerdict::Full);
  end(receiveOne());
  EXPECT_TRUE(receive().empty());
  EXPECT_EQ(publish(refused).verdict, PublishVerdict::Accepted);
}

TEST_F(QueueBounds, KnownKeysAreAnsweredEvenWhenFull) {
  startWith({.max_events = 1});
  const Event first = event();
  accept(first);
  EXPECT_EQ(publish(withKeyOf(first, event(), true)).verdict, PublishVerdict::Duplicate);
  EXPECT_EQ(publish(withKeyOf(first, event(), false)).verdict, PublishVerdict::Conflict);
}

TEST_F(QueueBounds, BeyondMaxBytesPublishingIsFull) {
  startWith({.max_bytes = 16 * kBody});
  const std::size_t accepted = fill(kBody, 100);
  EXPECT_GE(accepted, 8U);
  EXPECT_LE(accepted, 16U);
  EXPECT_LE(queue().stats().bytes, 16 * kBody);
}

TEST_F(QueueBounds, BytesAreGivenBackWhenEventsLeave) {
  startWith({.max_bytes = 16 * kBody});
  const std::size_t accepted = fill(kBody, 100);
  EXPECT_EQ(drain().size(), accepted);
  EXPECT_EQ(queue().stats().bytes, 0U);
  EXPECT_EQ(fill(kBody, 100), accepted);
}

TEST_F(QueueBounds, AnEventThatCanNeverFitIsFullAtOnce) {
  startWith({.max_bytes = 4 * kBody, .full_wait = 1h});
  EXPECT_EQ(publish(event({}, std::string(5 * kBody, 'x'))).verdict, PublishVerdict::Full);
  accept(event());
}

class QueueFullWaits : public EngineUnderTest {
protected:
  void SetUp() override {
    startWith({.max_events = 1, .full_wait = 10s});
    accept(event());
  }
};

TEST_F(QueueFullWaits, APublisherIsHeldUntilThereIsRoom) {
  const Event waiting = event();
  const Answer answer = publishLater(waiting);
  EXPECT_FALSE(answer.given());
  end(receiveOne());
  EXPECT_EQ(answer.await().verdict, PublishVerdict::Accepted);
  EXPECT_EQ(receiveOne().event.id, waiting.id);
}

TEST_F(QueueFullWaits, AWaitingEventIsNotInTheQueueYet) {
  const Answer answer = publishLater(event());
  EXPECT_EQ(queue().stats().ready, 1U);
  receiveOne();
  EXPECT_TRUE(receive().empty());
  EXPECT_FALSE(answer.given());
}

TEST_F(QueueFullWaits, AfterTheWaitTheAnswerIsFull) {
  const Event waiting = event();
  const Answer answer = publishLater(waiting);
  advance(9s);
  EXPECT_FALSE(answer.given());
  advance(1s);
  EXPECT_EQ(answer.await().verdict, PublishVerdict::Full);
  end(receiveOne());
  EXPECT_TRUE(receive().empty()) << "what was refused is not stored later";
}

TEST_F(QueueFullWaits, RoomGoesToPublishersInTheOrderTheyCame) {
  const std::vector<Event> waiting = events(3);
  std::vector<Answer> answers;
  for (const Event& event : waiting) answers.push_back(publishLater(event));
  end(receiveOne());
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    EXPECT_EQ(answers[i].await().verdict, PublishVerdict::Accepted);
    for (std::size_t later = i + 1; later < waiting.size(); ++later) EXPECT_FALSE(answers[later].given());
    const Delivery delivery = receiveOne();
    EXPECT_EQ(delivery.event.id, waiting[i].id);
    end(delivery);
  }
}

TEST_F(QueueFullWaits, OfTwoWaitersWithOneKeyTheSecondBecomesADuplicate) {
  const Event first = event();
  const Answer one = publishLater(first);
  const Answer two = publishLater(withKeyOf(first, event(), true));
  end(receiveOne());
  EXPECT_EQ(one.await().verdict, PublishVerdict::Accepted);
  EXPECT_EQ(two.await().verdict, PublishVerdict::Duplicate);
  EXPECT_EQ(two.await().id, first.id);
}

TEST_F(QueueFullWaits, StopAnswersThoseWhoWaitWithUnavailable) {
  const Answer answer = publishLater(event());
  stop();
  EXPECT_EQ(answer.await().verdict, PublishVerdict::Unavailable);
}

TEST_F(QueueFullWaits, ADeadLetterMakesRoom) {
  const Answer answer = publishLater(event());
  end(receiveOne(), Dead{"no route"});
  EXPECT_EQ(answer.await().verdict, PublishVerdict::Accepted);
}

}  // namespace
}  // namespace penstock::test
