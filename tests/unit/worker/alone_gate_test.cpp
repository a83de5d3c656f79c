#include "worker_fixture.h"

#include <array>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

namespace penstock::test {

/// Two threads of which each stays in the gate until the other has come in again, so that the gate is never empty
/// unless it holds one of them back.
class Overlap {
public:
  explicit Overlap(AloneGate& gate) : gate_(gate) {}

  void run(std::size_t self) {
    std::unique_lock lock(mutex_);
    while (!over_) {
      lock.unlock();
      const AloneGate::Passage passage(gate_, false);
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
  std::mutex mutex_;
  std::condition_variable changed_;
  std::array<std::size_t, 2> entries_{};
  bool over_ = false;
};

TEST(AloneGate, LetsASuspectThroughAlthoughBatchesOverlapWithoutEnd) {
  AloneGate gate;
  Overlap overlap(gate);
  std::thread first([&] { overlap.run(0); });
  std::thread second([&] { overlap.run(1); });
  overlap.awaitGoing();
  auto suspect = std::async(std::launch::async, [&] { const AloneGate::Passage passage(gate, true); });
  EXPECT_EQ(suspect.wait_for(60s), std::future_status::ready) << "it starves";
  overlap.end();
  first.join();
  second.join();
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
