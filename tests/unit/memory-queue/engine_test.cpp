#include "unit/memory-queue/memory_queue_test.h"

namespace penstock::test {
namespace {

using MemoryQueueEngine = MemoryQueueTest;

TEST_F(MemoryQueueEngine, EverySeriesStartsAtZero) {
  for (const char* name :
       {"lease_expiries", "crash_suspects", "keys_evicted", "dead_letters_evicted", "unreadable", "handler_failures"})
    EXPECT_EQ(metric("penstock_queue_" + std::string(name) + "_total"), 0) << name;
}

TEST_F(MemoryQueueEngine, BytesAreThoseOfTheSerialisedForm) {
  const Event first = accept(event());
  const Event second = accept(event({}, std::string(1000, 'x')));
  EXPECT_EQ(queue().stats().bytes, serialize(first).size() + serialize(second).size());
}

TEST_F(MemoryQueueEngine, AnUnreadableEventComesForNothingButItsEndAndStopsNobody) {
  const Event unreadable = accept(event("a", "\xff"));
  const Event next = accept(event("a"));
  const auto deliveries = receive(10);
  ASSERT_EQ(deliveries.size(), 2U);
  EXPECT_EQ(deliveries.front().event.id, unreadable.id);
  EXPECT_EQ(deliveries.front().condemned, Grounds::Unreadable);
  EXPECT_EQ(deliveries.back().event, next);
  settle(deliveries.front(), Dead{.reason = "unreadable", .grounds = Grounds::Unreadable});
  const auto letter = deadLetters().get(unreadable.id);
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->reason, "unreadable");
  EXPECT_EQ(letter->event.id, unreadable.id);
  EXPECT_EQ(metric("penstock_queue_unreadable_total"), 1);
  EXPECT_EQ(plugin->log.count("queue.unreadable"), 1U);
}

TEST_F(MemoryQueueEngine, LostLeasesAndCrashSuspectsAreCountedAndLoggedWithoutTheBody) {
  const Event poison = accept(event({}, "the secret body"));
  for (int expiry = 1; expiry <= 4; ++expiry) {
    ASSERT_EQ(receive().size(), 1U);
    advance(30s);
    EXPECT_EQ(queue().stats().leased, 0U);
    EXPECT_EQ(metric("penstock_queue_lease_expiries_total"), expiry);
  }
  EXPECT_EQ(metric("penstock_queue_crash_suspects_total"), 1);
  ASSERT_EQ(plugin->log.count("queue.crash_suspect"), 1U);
  for (const auto& line : plugin->log.lines()) {
    EXPECT_EQ(line.get("id", ""), poison.id.text());
    EXPECT_EQ(line.getText().find("secret"), std::string::npos);
  }
}

TEST_F(MemoryQueueEngine, ASuspectThatReportsAFailureIsNoLongerASuspect) {
  accept(event());
  receive();
  advance(30s);
  const auto alone = receive();
  ASSERT_EQ(alone.size(), 1U);
  EXPECT_TRUE(alone.front().alone);
  settle(alone.front(), RetryAfter{0s, "busy"});
  EXPECT_FALSE(receive().at(0).alone);
}

TEST_F(MemoryQueueEngine, AReplayedCrashSuspectComesAloneAtOnce) {
  accept(event());
  for (int expiry = 0; expiry < 7; ++expiry) {
    receive();
    advance(30s);
  }
  ASSERT_EQ(deadLetters().replay({}, 1, 0s), 1U);
  accept(event());
  const auto deliveries = receive(10);
  EXPECT_EQ(deliveries.size(), 1U);
}

TEST_F(MemoryQueueEngine, AHandlerThatThrowsIsCountedAndStopsNobody) {
  queue().publish(event(), [](PublishResult) { throw std::runtime_error("broken"); });
  EXPECT_EQ(metric("penstock_queue_handler_failures_total"), 1);
  EXPECT_EQ(plugin->log.count("queue.handler_failed"), 1U);
  EXPECT_EQ(receive().size(), 1U);
}

TEST_F(MemoryQueueEngine, HealthSaysWhenItIsFullOrStopped) {
  startWith({{"max_events", "1"}});
  EXPECT_EQ(plugin->instance().health().state, HealthState::Ready);
  accept(event());
  EXPECT_EQ(plugin->instance().health().state, HealthState::Degraded);
  settle(receive().at(0), Done{});
  EXPECT_EQ(plugin->instance().health().state, HealthState::Ready);
  plugin->stop();
  EXPECT_EQ(plugin->instance().health().state, HealthState::Down);
}

TEST_F(MemoryQueueEngine, WhatIsLostAtStopIsSaid) {
  accept(event());
  accept(event());
  plugin->stop();
  ASSERT_EQ(plugin->log.count("queue.dropped"), 1U);
  EXPECT_EQ(plugin->log.lines().back().get("events", ""), "2");
}

TEST_F(MemoryQueueEngine, AnEmptyStopSaysNothing) {
  pass(event(), Done{});
  plugin->stop();
  EXPECT_EQ(plugin->log.count("queue.dropped"), 0U);
}

TEST_F(MemoryQueueEngine, ItsTimerBeatsAtLeastEverySecond) {
  plugin->clock.awaitWaiting(1);
  const auto before = plugin->board.ticks("memory-queue");
  EXPECT_GE(before, 1U);
  advance(1s);
  plugin->clock.awaitWaiting(1);
  EXPECT_GT(plugin->board.ticks("memory-queue"), before);
}

TEST_F(MemoryQueueEngine, LeasesAndRetriesDoNotFollowTheWallClock) {
  accept(event());
  const auto held = receive();
  ASSERT_EQ(held.size(), 1U);
  plugin->clock.setWall(plugin->clock.wall() + std::chrono::hours(24 * 365));
  EXPECT_TRUE(receive().empty());
  settle(held.front(), RetryAfter{10s, "busy"});
  plugin->clock.setWall(WallTime{});
  EXPECT_TRUE(receive().empty());
  advance(10s);
  EXPECT_EQ(receive().size(), 1U);
}

}  // namespace
}  // namespace penstock::test
