#include "worker_fixture.h"

#include <atomic>
#include <thread>

namespace penstock::test {

TEST_F(WorkerTest, StopsAtOnceWhileItWaitsForEvents) {
  settings.concurrency = 4;
  start();
  queue.awaitReceives(4);
  worker->stop(clock.now());
  queue.give({makeEvent(1)});
  EXPECT_TRUE(queue.awaitSettled(0).empty());
}

TEST_F(WorkerTest, StopsAtOnceWhileItPauses) {
  store.on_persist = [](std::span<const Event>) { throw StoreUnavailable("away"); };
  start();
  queue.give({makeEvent(1)});
  awaitPause();
  worker->stop(clock.now() + 1h);
}

TEST_F(WorkerTest, FinishesTheBatchInHandAndReceivesNoMore) {
  Door may_end;
  store.on_persist = [&](std::span<const Event>) { may_end.pass(); };
  start();
  queue.give(makeEvents(1, 3));
  queue.awaitHandedOut(3);
  std::thread stopping([&] { worker->stop(clock.now() + 10s); });
  queue.awaitStopRequested();
  queue.give(makeEvents(10, 3));
  may_end.open();
  stopping.join();
  const auto settled = queue.awaitSettled(3);
  EXPECT_EQ(settled.size(), 3U);
  for (const auto& each : settled) EXPECT_TRUE(std::holds_alternative<Done>(each.settlement.outcome));
}

TEST_F(WorkerTest, EmptiesAQueueThatWouldBeLostWithTheProcess) {
  queue.lasting = false;
  Door may_end;
  store.on_persist = [&](std::span<const Event>) { may_end.pass(); };
  start();
  queue.give(makeEvents(1, 3));
  queue.awaitHandedOut(3);
  std::thread stopping([&] { worker->stop(clock.now() + 10s); });
  queue.awaitStopRequested();
  queue.give(makeEvents(10, 3));
  queue.give(makeEvents(20, 3));
  may_end.open();
  stopping.join();
  const auto settled = queue.awaitSettled(9);
  EXPECT_EQ(settled.size(), 9U);
  for (const auto& each : settled) EXPECT_TRUE(std::holds_alternative<Done>(each.settlement.outcome));
}

TEST_F(WorkerTest, StopsWithEventsLeftInAQueueThatWouldBeLostWhenTheStoreIsAway) {
  queue.lasting = false;
  std::atomic<std::size_t> tried{0};
  store.on_persist = [&](std::span<const Event>) {
    ++tried;
    throw StoreUnavailable("away");
  };
  start();
  queue.give({makeEvent(1)});
  awaitPause();
  worker->stop(clock.now() + 1h);
  EXPECT_EQ(tried, 2U) << "once before the stop, once to empty the queue";
}

class WorkerStopTest : public WorkerTest {
protected:
  /// Stops while the first transaction is under way, lets `passed` go by, and refuses that transaction.
  std::vector<FakeQueue::Settled> stopInMidBatch(Duration deadline, Duration passed) {
    Door may_end;
    Door begun;
    store.on_persist = [&](std::span<const Event> events) {
      begun.open();
      may_end.pass();
      if (events.size() > 2) throw StoreRejected("no");
    };
    start();
    queue.give(makeEvents(1, 4));
    begun.pass();
    std::thread stopping([&] { worker->stop(clock.now() + deadline); });
    queue.awaitStopRequested();
    clock.advance(passed);
    may_end.open();
    stopping.join();
    return queue.awaitSettled(4);
  }
};

TEST_F(WorkerStopTest, GivesBackWhatTheDeadlineLeavesUntried) {
  for (const auto& each : stopInMidBatch(5s, 6s))
    EXPECT_EQ(std::get<Release>(each.settlement.outcome), (Release{0us, "drain"}));
  EXPECT_EQ(count("released_total"), 4);
  EXPECT_EQ(store.calls(), 1U);
}

TEST_F(WorkerStopTest, DrainsNoLongerThanConfigured) {
  settings.drain = 2s;
  for (const auto& each : stopInMidBatch(1h, 3s))
    EXPECT_EQ(std::get<Release>(each.settlement.outcome), (Release{0us, "drain"}));
}

TEST_F(WorkerStopTest, SplitsToTheEndWhileThereIsTime) {
  for (const auto& each : stopInMidBatch(5s, 1s)) EXPECT_TRUE(std::holds_alternative<Done>(each.settlement.outcome));
}

}  // namespace penstock::test
