#include "worker_fixture.h"

#include <array>
#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

namespace penstock::test {

/// Waits for as long as it takes.
AloneGate::Passage pass(AloneGate& gate, Clock& clock, bool alone) {
  return gate.enter(alone, clock, [] { return SteadyTime::max(); }, {});
}

/// Two threads of which each stays in the gate until the other has come in again, so that the gate is never empty
/// unless it holds one of them back.
class Overlap {
public:
  Overlap(AloneGate& gate, Clock& clock) : gate_(gate), clock_(clock) {}

  void run(std::size_t self) {
    std::unique_lock lock(mutex_);
    while (!over_) {
      lock.unlock();
      const AloneGate::Passage passage = pass(gate_, clock_, false);
      lock.lock();
      ++entries_[self];
      changed_.notify_all();
      const std::size_t seen = entries_[1 - self];
      changed_.wait_for(lock, 300ms, [&] { return over_ || entries_[1 - self] != seen; });
    }
  }
  /// Comes back once both have come in again and again.
  void awaitGoing() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return entries_[0] > 5 && entries_[1] > 5; });
  }
  void end() {
    std::lock_guard guard(mutex_);
    over_ = true;
    changed_.notify_all();
  }

private:
  AloneGate& gate_;
  Clock& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::array<std::size_t, 2> entries_{};
  bool over_ = false;
};

TEST(AloneGate, LetsASuspectThroughAlthoughBatchesOverlapWithoutEnd) {
  AloneGate gate;
  ManualClock clock;
  Overlap overlap(gate, clock);
  std::thread first([&] { overlap.run(0); });
  std::thread second([&] { overlap.run(1); });
  overlap.awaitGoing();
  auto suspect = std::async(std::launch::async, [&] { pass(gate, clock, true); });
  EXPECT_EQ(suspect.wait_for(60s), std::future_status::ready) << "it starves";
  overlap.end();
  first.join();
  second.join();
}

TEST(AloneGate, BatchesAreNotKeptWaitingBySuspectsWithoutEnd) {
  AloneGate gate;
  ManualClock clock;
  AloneGate::Passage first = pass(gate, clock, true);
  auto next = std::async(std::launch::async, [&] { return pass(gate, clock, true); });
  clock.awaitWaiting(1);
  auto batch = std::async(std::launch::async, [&] { return pass(gate, clock, false); });
  clock.awaitWaiting(2);
  first.reset();
  ASSERT_EQ(batch.wait_for(60s), std::future_status::ready) << "the next suspect has overtaken it";
  EXPECT_FALSE(gate.enter(true, clock, [&clock] { return clock.now(); }, {}));
  EXPECT_FALSE(gate.enter(false, clock, [&clock] { return clock.now(); }, {})) << "a suspect waits again";
  batch.get().reset();
  EXPECT_TRUE(next.get());
}

TEST(AloneGate, ABatchThatGivesUpKeepsNoSuspectWaiting) {
  AloneGate gate;
  ManualClock clock;
  AloneGate::Passage first = pass(gate, clock, true);
  const auto gives_up = [until = clock.now() + 1s] { return until; };
  auto batch = std::async(std::launch::async, [&] { return gate.enter(false, clock, gives_up, {}); });
  clock.awaitWaiting(1);
  clock.advance(1s);
  EXPECT_FALSE(batch.get());
  first.reset();
  EXPECT_TRUE(pass(gate, clock, true));
}

TEST(AloneGate, NobodyWaitsLongerThanHeMay) {
  AloneGate gate;
  ManualClock clock;
  const SteadyTime until = clock.now() + 10s;
  const auto may_wait = [until] { return until; };
  AloneGate::Passage first = pass(gate, clock, false);
  auto suspect = std::async(std::launch::async, [&] { return gate.enter(true, clock, may_wait, {}); });
  clock.awaitWaiting(1);
  auto held_back = std::async(std::launch::async, [&] { return pass(gate, clock, false); });
  clock.awaitWaiting(2);
  clock.advance(10s);
  EXPECT_FALSE(suspect.get());
  EXPECT_TRUE(held_back.get()) << "nobody waits to be alone any more";
  first.reset();
  EXPECT_TRUE(gate.enter(true, clock, may_wait, {}));
}

TEST(AloneGate, APassageLastsUntilAllWhoShareItAreThrough) {
  AloneGate gate;
  ManualClock clock;
  const auto now_or_never = [&clock] { return clock.now(); };
  AloneGate::Passage mine = pass(gate, clock, true);
  AloneGate::Passage yours = mine;
  mine.reset();
  EXPECT_FALSE(gate.enter(false, clock, now_or_never, {}));
  yours.reset();
  EXPECT_TRUE(gate.enter(false, clock, now_or_never, {}));
}

TEST_F(WorkerTest, SendsACrashSuspectWithNothingElseOnItsWay) {
  settings.concurrency = 2;
  providers.on_request = [](std::string_view, const Event&, std::uint32_t) {
    return requestTo("https://provider.example/send");
  };
  transport.on_send = [](const OutboundRequest&) { return std::optional<SendOutcome>(); };
  const Event suspect = makeOutbound(2);
  const Event innocent = makeEvent(3);
  Door suspect_is_handled;
  Door innocent_is_handled;
  store.on_persist = [&](std::span<const Event> events) {
    if (events.front().id == suspect.id) suspect_is_handled.open();
    if (events.front().id == innocent.id) innocent_is_handled.open();
  };
  start();
  queue.give({makeOutbound(1)});
  transport.awaitSends(1);
  queue.give({suspect}, 2, true);
  queue.awaitHandedOut(2);
  EXPECT_FALSE(suspect_is_handled.opensSoon()) << "another one is on its way";
  transport.answer(answered(202));
  transport.awaitSends(2);
  queue.give({innocent});
  queue.awaitHandedOut(3);
  EXPECT_FALSE(innocent_is_handled.opensSoon()) << "the suspect is on its way";
  transport.answer(answered(202));
  queue.awaitSettled(3);
}

TEST_F(WorkerTest, SendsFewCrashSuspectsAtOnceAndNeverKeepsOthersWaitingForThem) {
  constexpr unsigned kAtOnce = 64;
  providers.on_request = [](std::string_view, const Event&, std::uint32_t) {
    return requestTo("https://provider.example/send");
  };
  transport.on_send = [](const OutboundRequest&) { return std::optional<SendOutcome>(); };
  policy.on_retry = [](const RetryQuestion&) { return std::optional<Duration>(3s); };
  start();
  for (unsigned number = 1; number <= kAtOnce + 1; ++number) queue.give({makeOutbound(number)}, 2, true, 0);
  const auto settled = queue.awaitSettled(1);
  EXPECT_EQ(std::get<Release>(settled.front().settlement.outcome).cause, "suspect");
  transport.awaitSends(kAtOnce);
  EXPECT_EQ(transport.sends(), kAtOnce);
  queue.give({makeOutbound(1000)});
  transport.awaitSends(kAtOnce + 1);
  for (unsigned number = 0; number <= kAtOnce; ++number) transport.answer(answered(202));
  transport.awaitSends(kAtOnce + 2);
  transport.answer(answered(202));
}

TEST_F(WorkerTest, ACrashSuspectThatIsNotAloneInTimeIsGivenBack) {
  std::atomic<bool> holds = true;
  providers.on_request = [](std::string_view, const Event&, std::uint32_t) {
    return requestTo("https://provider.example/send");
  };
  transport.on_send = [&](const OutboundRequest&) {
    return holds.exchange(false) ? std::nullopt : std::optional<SendOutcome>(answered(202));
  };
  start();
  queue.give({makeOutbound(1)});
  transport.awaitSends(1);
  queue.give({makeOutbound(2)}, 2, true);
  clock.awaitWaiting(6);  // the four stages, the scheduler, and who waits to be alone
  clock.advance(23s);
  const auto settled = queue.awaitSettled(1);
  EXPECT_EQ(settled[0].id, makeOutbound(2).id);
  EXPECT_EQ(std::get<Release>(settled[0].settlement.outcome), (Release{0us, "alone"}));
  transport.answer(answered(202));
  queue.awaitSettled(3);
}

TEST_F(WorkerTest, HandlesACrashSuspectWithNothingElseInFlight) {
  settings.concurrency = 2;
  const Event innocent = makeEvent(1);
  const Event suspect = makeEvent(2);
  Door innocent_is_in_flight;
  Door innocent_may_end;
  Door suspect_is_handled;
  store.on_persist = [&](std::span<const Event> events) {
    if (events.front().id == innocent.id) {
      innocent_is_in_flight.open();
      innocent_may_end.pass();
    } else {
      suspect_is_handled.open();
    }
  };
  start();
  queue.give({innocent});
  innocent_is_in_flight.pass();
  queue.give({suspect}, 2, true);
  queue.awaitHandedOut(2);
  EXPECT_FALSE(suspect_is_handled.opensSoon());
  innocent_may_end.open();
  const auto settled = queue.awaitSettled(2);
  EXPECT_EQ(settled[0].id, innocent.id);
  EXPECT_EQ(settled[1].id, suspect.id);
}

TEST_F(WorkerTest, HandlesNothingElseWhileACrashSuspectIsInFlight) {
  settings.concurrency = 2;
  const Event suspect = makeEvent(1);
  const Event innocent = makeEvent(2);
  Door suspect_is_in_flight;
  Door suspect_may_end;
  Door innocent_is_handled;
  store.on_persist = [&](std::span<const Event> events) {
    if (events.front().id == suspect.id) {
      suspect_is_in_flight.open();
      suspect_may_end.pass();
    } else {
      innocent_is_handled.open();
    }
  };
  start();
  queue.give({suspect}, 2, true);
  suspect_is_in_flight.pass();
  queue.give({innocent});
  queue.awaitHandedOut(2);
  EXPECT_FALSE(innocent_is_handled.opensSoon());
  suspect_may_end.open();
  queue.awaitSettled(2);
}

}  // namespace penstock::test
