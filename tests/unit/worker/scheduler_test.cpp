#include "worker_fixture.h"

#include "worker/scheduler.h"

#include <atomic>
#include <mutex>
#include <set>
#include <vector>

namespace penstock::test {

/// A scheduler of a pacer that the test asks itself.
class SchedulerTest : public testing::Test {
protected:
  void begin(Duration interval = 0s, std::uint64_t batch = 2, bool autostart = true) {
    pacer.emplace(interval, batch);
    scheduler.emplace(control, *pacer, clock, log.log(), metrics, policy, interval, batch, autostart);
    scheduler->start(board);
  }
  void TearDown() override {
    if (scheduler) scheduler->stop();
  }
  /// Comes back once `fact` is true; a fact that does not come ends with the test's time limit.
  template <typename Fact>
  static void until(Fact fact) {
    while (!fact()) std::this_thread::yield();
  }
  void untilRunning(bool running) {
    until([&] {
      return metrics.value("penstock_worker_scheduler_running") == (running ? 1 : 0) && pacer->running() == running;
    });
  }
  void say(bool running, std::uint32_t starts) {
    control.set(schedule::kStateName, schedule::toText(schedule::State{running, starts}));
  }
  std::optional<schedule::Settings> announced() {
    const auto text = control.get(schedule::kSettingsName);
    return text ? schedule::readSettings(*text) : std::nullopt;
  }
  /// One message asks, the store is asked for it alone, and it leaves.
  void leaveOne() {
    const std::size_t before = control.takes();
    EXPECT_TRUE(pacer->admit(clock.now()));
    until([&] { return control.takes() > before; });
    until([&] { return !pacer->admit(clock.now()); });
  }
  /// Messages ask until so many have left.
  void leave(int messages) {
    for (; messages > 0; --messages) until([&] { return !pacer->admit(clock.now()); });
  }

  ManualClock clock;
  RecordedMetrics metrics;
  StubPolicy policy;
  StubHealthBoard board;
  CapturedLog log{"worker"};
  FakeControl control;
  std::optional<Pacer> pacer;
  std::optional<Scheduler> scheduler;
};

TEST_F(SchedulerTest, RunsByItselfWhenNobodyHasSaidOtherwise) {
  begin();
  untilRunning(true);
  until([&] { return log.count("worker.scheduler_started") == 1; });
}

TEST_F(SchedulerTest, WaitsForAStartWithoutAutostart) {
  begin(0s, 2, false);
  until([&] { return log.count("worker.scheduler_stopped") == 1; });
  EXPECT_FALSE(pacer->running());
  say(true, 1);
  untilRunning(true);
}

TEST_F(SchedulerTest, WhatWasSaidOutlastsTheProcessAndBeatsAutostart) {
  say(false, 3);
  begin(0s, 2, true);
  until([&] { return log.count("worker.scheduler_stopped") == 1; });
  EXPECT_FALSE(pacer->running());
  EXPECT_EQ(log.count("worker.scheduler_started"), 0U);
}

TEST_F(SchedulerTest, FollowsWhatAnybodySays) {
  begin();
  for (std::uint32_t i = 1; i <= 3; ++i) {
    untilRunning(true);
    say(false, i - 1);
    untilRunning(false);
    say(true, i);
  }
  untilRunning(true);
  until([&] { return log.count("worker.scheduler_started") == 4; });
  EXPECT_EQ(log.count("worker.scheduler_stopped"), 3U);
}

TEST_F(SchedulerTest, NothingIsSentUntilTheStateIsKnown) {
  std::atomic<bool> away{true};
  std::atomic<int> asked{0};
  control.on_call = [&] {
    ++asked;
    if (away) throw StoreUnavailable("connection refused");
  };
  begin();
  for (int round = 1; round <= 5; ++round) {
    until([&] { return asked >= round; });
    EXPECT_FALSE(pacer->running());
    EXPECT_TRUE(pacer->admit(clock.now()));
    clock.awaitWaiting(1);
    clock.advance(2s);
  }
  away = false;
  until([&] {
    clock.advance(100ms);
    return pacer->running();
  });
  EXPECT_EQ(log.count("worker.scheduler_away"), 1U);
}

TEST_F(SchedulerTest, TheLastKnownStateHoldsWhileTheStoreIsAway) {
  begin(1h, 2);
  untilRunning(true);
  until([&] { return announced().has_value(); });
  leaveOne();
  std::atomic<bool> away{true};
  std::atomic<int> asked{0};
  control.on_call = [&] {
    ++asked;
    if (away) throw StoreUnavailable("connection lost");
  };
  EXPECT_TRUE(pacer->admit(clock.now()));
  until([&] { return asked > 0; });
  until([&] { return log.count("worker.scheduler_away") == 1; });
  EXPECT_TRUE(pacer->running());
  EXPECT_TRUE(pacer->admit(clock.now())) << "a pace stands still";
  away = false;
  until([&] {
    clock.advance(1s);
    return !pacer->admit(clock.now());
  });
}

TEST_F(SchedulerTest, TellsTheStoreHowItIsPacedOnlyWhenThatIsNew) {
  begin(120s, 7, false);
  until([&] { return announced() == schedule::Settings{"2m", 7, false}; });
  scheduler->stop();
  scheduler.reset();
  const std::size_t sets = control.sets();
  const std::uint64_t ticks = board.ticks("worker-scheduler");
  begin(120s, 7, false);
  until([&] { return board.ticks("worker-scheduler") > ticks; });
  clock.awaitWaiting(1);
  EXPECT_EQ(control.sets(), sets);
}

TEST_F(SchedulerTest, GrantsWhatMessagesAskForAndTakesNothingWithoutThem) {
  begin(1h, 2);
  untilRunning(true);
  until([&] { return announced().has_value(); });
  clock.awaitWaiting(1);
  EXPECT_EQ(control.takes(), 0U);
  leaveOne();
  EXPECT_EQ(control.takes(), 1U);
  leaveOne();
  EXPECT_EQ(control.takes(), 2U);
  EXPECT_TRUE(pacer->admit(clock.now()));
}

TEST_F(SchedulerTest, WhatTheStoreDoesNotGiveDoesNotLeave) {
  std::atomic<double> there{0};
  control.on_take = [&](std::string_view, double tokens) { return std::min(there.load(), tokens); };
  begin(1h, 1);
  untilRunning(true);
  EXPECT_TRUE(pacer->admit(clock.now()));
  until([&] { return control.takes() == 1; });
  clock.awaitWaiting(1);
  EXPECT_TRUE(pacer->admit(clock.now()));
  there = 1;
  until([&] {
    clock.advance(10min);
    return !pacer->admit(clock.now());
  });
}

TEST_F(SchedulerTest, WhatIsNearlyThereIsWaitedFor) {
  std::vector<double> levels{0.05, 0.95};  // the last is the first
  control.on_take = [&](std::string_view, double) {
    if (levels.empty()) return 0.0;
    const double level = levels.back();
    levels.pop_back();
    return level;
  };
  begin(10s, 1);
  untilRunning(true);
  EXPECT_TRUE(pacer->admit(clock.now()));
  until([&] { return control.takes() == 1; });
  clock.awaitWaiting(1);
  clock.advance(400ms);
  EXPECT_TRUE(pacer->admit(clock.now()));
  EXPECT_EQ(control.takes(), 1U);
  clock.advance(200ms);
  leave(1);
  EXPECT_EQ(control.takes(), 2U);
}

TEST_F(SchedulerTest, EachStartHasTokensOfItsOwn) {
  std::mutex mutex;
  std::set<std::string> names;
  control.on_take = [&](std::string_view name, double tokens) {
    std::lock_guard guard(mutex);
    return names.emplace(name).second ? tokens : 0.0;
  };
  begin(1h, 2);
  untilRunning(true);
  leave(2);
  say(false, 0);
  untilRunning(false);
  say(true, 1);
  untilRunning(true);
  leave(2);
  say(true, 2);  // a stop in between was left out
  leave(2);
  std::lock_guard guard(mutex);
  EXPECT_EQ(names.size(), 6U);
}

TEST_F(WorkerTest, AStopLeavesMessagesOnTheQueueAndAStartSendsThem) {
  settings.autostart = false;
  start();
  queue.give({makeOutbound(1)});
  const auto paused = queue.awaitSettled(1);
  EXPECT_EQ(std::get<Release>(paused[0].settlement.outcome).cause, "paused");
  control.set(schedule::kStateName, schedule::toText(schedule::State{true, 1}));
  while (!worker->sender().pacer().running()) std::this_thread::yield();
  while (store.attempts().empty()) std::this_thread::yield();
  EXPECT_EQ(store.intents().size(), 1U);
}

}  // namespace penstock::test
