#include "unit/memory-queue/memory_queue_test.h"

namespace penstock::test {
namespace {

using MemoryQueueBounds = MemoryQueueTest;

TEST_F(MemoryQueueBounds, BeyondMaxKeysTheLongestFinishedIsForgottenAndCounted) {
  startWith({{"max_keys", "2"}});
  std::vector<Event> finished;
  for (int i = 0; i < 3; ++i) finished.push_back(pass(event(), Done{}));
  EXPECT_EQ(metric("penstock_queue_keys_evicted_total"), 1);
  EXPECT_EQ(publish(finished[1]), PublishVerdict::Duplicate);
  EXPECT_EQ(publish(finished[2]), PublishVerdict::Duplicate);
  EXPECT_EQ(publish(finished[0]), PublishVerdict::Accepted);
}

TEST_F(MemoryQueueBounds, KeysOfEventsInTheQueueAreNeverForgotten) {
  startWith({{"max_keys", "1"}});
  const Event dead = pass(event(), Dead{"no route"});
  const Event scheduled = pass(event(), RetryAfter{1000h, "busy"});
  for (int i = 0; i < 5; ++i) pass(event(), Done{});
  const Event live = accept(event());
  advance(100h);
  for (const Event& known : {dead, scheduled, live}) EXPECT_EQ(publish(known), PublishVerdict::Duplicate);
}

TEST_F(MemoryQueueBounds, AKeyWhoseWindowPassedWhileItsEventWasHereIsForgottenWithTheEvent) {
  startWith({{"key_window", "1h"}});
  const Event event = accept(this->event());
  advance(2h);
  EXPECT_EQ(publish(event), PublishVerdict::Duplicate);
  settle(receive().at(0), Done{});
  EXPECT_EQ(publish(event), PublishVerdict::Accepted);
}

TEST_F(MemoryQueueBounds, AKeyTakenAgainAfterItsWindowStartsAWindowOfItsOwn) {
  startWith({{"key_window", "1h"}});
  const Event event = pass(this->event(), Done{});
  advance(1h);
  pass(event, Done{});
  advance(59min);
  EXPECT_EQ(publish(event), PublishVerdict::Duplicate);
  advance(1min);
  EXPECT_EQ(publish(event), PublishVerdict::Accepted);
}

TEST_F(MemoryQueueBounds, BeyondMaxDeadLettersTheOldestIsRemovedAndCounted) {
  startWith({{"max_dead_letters", "2"}});
  std::vector<Event> dead;
  for (int i = 0; i < 3; ++i) dead.push_back(pass(event(), Dead{"no route"}));
  EXPECT_EQ(metric("penstock_queue_dead_letters_evicted_total"), 1);
  EXPECT_EQ(queue().stats().dead, 2U);
  EXPECT_FALSE(deadLetters().get(dead[0].id));
  EXPECT_TRUE(deadLetters().get(dead[1].id));
}

TEST_F(MemoryQueueBounds, BeyondMaxDeadBytesTheOldestAreRemovedButNeverTheNewest) {
  startWith({{"max_dead_bytes", "10KB"}});
  const Event small = pass(event(), Dead{"no route"});
  pass(event({}, std::string(6000, 'x')), Dead{"no route"});
  EXPECT_TRUE(deadLetters().get(small.id));
  const Event large = pass(event({}, std::string(50'000, 'x')), Dead{"no route"});
  EXPECT_EQ(queue().stats().dead, 1U);
  EXPECT_TRUE(deadLetters().get(large.id));
  EXPECT_EQ(metric("penstock_queue_dead_letters_evicted_total"), 2);
}

class MemoryQueueWaiters : public MemoryQueueTest {
protected:
  void SetUp() override {}
  /// The verdict appears in the list when it is given.
  void publishLater(Event event, std::string name) {
    queue().publish(std::move(event), [this, name](PublishResult result) {
      (result.verdict == PublishVerdict::Full ? refused : accepted).push_back(name);
    });
  }
  std::vector<std::string> accepted;
  std::vector<std::string> refused;
};

TEST_F(MemoryQueueWaiters, BeyondMaxWaitingPublishersAreRefusedAtOnce) {
  startWith({{"max_events", "1"}, {"full", "wait"}, {"max_waiting", "2"}});
  for (const char* name : {"stored", "first", "second", "third"}) publishLater(event(), name);
  EXPECT_THAT(refused, ::testing::ElementsAre("third"));
  settle(receive().at(0), Done{});
  settle(receive().at(0), Done{});
  EXPECT_THAT(accepted, ::testing::ElementsAre("stored", "first", "second"));
}

TEST_F(MemoryQueueWaiters, WaitingPublishersHoldBoundedBytes) {
  startWith({{"max_bytes", "10KB"}, {"full", "wait"}});
  for (const char* name : {"stored", "first", "second"}) publishLater(event({}, std::string(6000, 'x')), name);
  EXPECT_THAT(refused, ::testing::ElementsAre("second"));
}

TEST_F(MemoryQueueWaiters, ASmallEventDoesNotOvertakeALargeOneThatWaits) {
  startWith({{"max_bytes", "10KB"}, {"full", "wait"}});
  publishLater(event({}, std::string(6000, 'x')), "stored");
  publishLater(event({}, std::string(6000, 'x')), "large");
  publishLater(event(), "small");
  EXPECT_THAT(accepted, ::testing::ElementsAre("stored"));
  settle(receive().at(0), Done{});
  EXPECT_THAT(accepted, ::testing::ElementsAre("stored", "large", "small"));
}

TEST_F(MemoryQueueBounds, ReasonsOfRetriesCannotGrowBeyondMaxBytes) {
  startWith({{"max_bytes", "20KB"}});
  accept(event({}, std::string(10'000, 'x')));
  for (int attempt = 0; attempt < 50; ++attempt) settle(receive().at(0), RetryAfter{0s, std::string(1000, 'r')});
  EXPECT_LE(queue().stats().bytes, 20U * 1024);
  const auto last = receive();
  settle(last.at(0), Dead{"the last"});
  EXPECT_EQ(deadLetters().get(last.at(0).event.id)->failures.back().reason, "the last");
}

}  // namespace
}  // namespace penstock::test
