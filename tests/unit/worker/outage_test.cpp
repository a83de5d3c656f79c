#include "worker_fixture.h"

#include <atomic>
#include <thread>

namespace penstock::test {

TEST(Outage, PausesTwiceAsLongAfterEachFailureUpToTheLongest) {
  ManualClock clock;
  Outage outage("the store", clock, 100ms, 2s);
  Duration pause = 100ms;
  for (int failure = 0; failure < 100; ++failure) {
    outage.away();
    std::atomic<bool> asked{false};
    std::jthread thread([&](const std::stop_token& stop) {
      while (!outage.mayAsk(stop) && !stop.stop_requested()) continue;
      asked = true;
    });
    clock.awaitWaiting(1);
    clock.advance(pause / 2 - 1us);
    EXPECT_FALSE(asked) << "failure " << failure;
    clock.advance(pause / 2 + 1us);
    thread.join();
    EXPECT_TRUE(asked);
    pause = std::min<Duration>(pause * 2, 2s);
  }
}

TEST(Outage, LetsOneThreadGoAheadWhenThePauseIsOver) {
  ManualClock clock;
  Outage outage("the store", clock, 100ms, 2s);
  outage.away();
  clock.advance(100ms);
  EXPECT_TRUE(outage.mayAsk({}));
  std::atomic<unsigned> asked{0};
  std::jthread other([&](const std::stop_token& stop) {
    while (!outage.mayAsk(stop)) continue;
    ++asked;
  });
  clock.awaitWaiting(1);
  EXPECT_EQ(asked, 0U);
  EXPECT_TRUE(outage.back());
  other.join();
  EXPECT_EQ(asked, 1U);
}

TEST_F(WorkerTest, ReceivesNothingBeforeItIsKnownWhatProvidersAreTold) {
  std::atomic<bool> away{true};
  std::atomic<int> asked{0};
  ready = [&] {
    ++asked;
    if (away) throw StoreUnavailable("disk full");
  };
  queue.give({makeEvent(1)});
  start();
  while (asked < 3) {
    clock.advance(settings.longest_pause);
    std::this_thread::yield();
  }
  EXPECT_EQ(queue.receives(), 0U);
  EXPECT_EQ(worker->health().state, HealthState::Degraded);
  EXPECT_EQ(log.count("worker.store_away"), 1U);
  away = false;
  while (queue.receives() == 0) {
    clock.advance(settings.first_pause);
    std::this_thread::yield();
  }
  EXPECT_TRUE(std::holds_alternative<Done>(queue.awaitSettled(1).front().settlement.outcome));
}

TEST_F(WorkerTest, GivesEventsBackUncountedWhileTheStoreIsAwayAndFinishesThemWhenItIsBack) {
  std::atomic<bool> away{true};
  store.on_persist = [&](std::span<const Event>) {
    if (away) throw StoreUnavailable("disk full");
  };
  policy.on_retry = [](const RetryQuestion&) -> std::optional<Duration> {
    ADD_FAILURE() << "an outage of the store is no failed attempt";
    return std::nullopt;
  };
  start();
  queue.give({makeEvent(1)});
  for (std::size_t round = 1; round <= 15; ++round) {
    const auto settled = queue.awaitSettled(round);
    EXPECT_EQ(std::get<Release>(settled.back().settlement.outcome), (Release{0us, "store unavailable"}));
    awaitPause();
    EXPECT_EQ(queue.receives(), round) << "it must not receive while it pauses";
    EXPECT_EQ(worker->health().state, HealthState::Degraded);
    EXPECT_THAT(worker->health().reason, testing::HasSubstr("the store has been unavailable for"));
    if (round == 15) away = false;
    clock.advance(2s);
  }
  const auto settled = queue.awaitSettled(16);
  EXPECT_TRUE(std::holds_alternative<Done>(settled.back().settlement.outcome));
  queue.awaitReceives(17);
  EXPECT_EQ(worker->health().state, HealthState::Ready);
  EXPECT_EQ(count("released_total"), 15);
  EXPECT_EQ(count("failed_total"), 0);
  EXPECT_EQ(count("processed_total"), 1);
  EXPECT_EQ(log.count("worker.store_away"), 1U);
  EXPECT_EQ(log.count("worker.store_back"), 1U);
}

TEST_F(WorkerTest, IsReadyAgainWhenNothingWaitsForTheStore) {
  settings.concurrency = 2;
  Outage outage("the store", clock, 100ms, 2s);
  outage.away();
  outage.calm(clock.now());
  EXPECT_TRUE(outage.sentence()) << "asked before the failure, so it says nothing about the time since";
  clock.advance(1s);
  outage.calm(clock.now());
  EXPECT_FALSE(outage.sentence());
}

TEST_F(WorkerTest, ReceivesAgainWhenTheQueueIsBack) {
  std::atomic<bool> away{true};
  queue.on_receive = [&] {
    if (away) throw QueueUnavailable("connection refused");
  };
  start();
  awaitPause();
  EXPECT_EQ(queue.receives(), 1U);
  EXPECT_THAT(worker->health().reason, testing::HasSubstr("the queue has been unavailable"));
  away = false;
  queue.give({makeEvent(1)});
  clock.advance(100ms);
  queue.awaitSettled(1);
  EXPECT_EQ(worker->health().state, HealthState::Ready);
}

TEST_F(WorkerTest, SettlesAgainWithoutPersistingAgainWhenTheQueueWasAway) {
  std::atomic<int> failures{2};
  queue.on_settle = [&] {
    if (failures-- > 0) throw QueueUnavailable("connection lost");
  };
  start();
  queue.give({makeEvent(1)});
  awaitPause();
  clock.advance(100ms);
  awaitPause();
  clock.advance(200ms);
  queue.awaitSettled(1);
  EXPECT_EQ(store.calls(), 1U);
}

TEST_F(WorkerTest, LeavesEventsToTheirLeaseWhenTheQueueStaysAway) {
  std::atomic<bool> away{true};
  queue.on_settle = [&] {
    if (away) throw QueueUnavailable("connection lost");
  };
  start();
  queue.give({makeEvent(1)});
  awaitPause();
  clock.advance(30s);
  awaitPause();
  EXPECT_EQ(log.count("worker.settle_abandoned"), 1U);
  away = false;
  queue.give({makeEvent(2)});
  clock.advance(2s);
  queue.awaitSettled(1);
}

}  // namespace penstock::test
