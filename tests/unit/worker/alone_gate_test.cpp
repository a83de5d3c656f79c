#include "worker_fixture.h"

#include <atomic>
#include <thread>

namespace penstock::test {

TEST(AloneGate, LetsASuspectThroughAlthoughBatchesOverlapWithoutEnd) {
  AloneGate gate;
  std::atomic<bool> passed{false};
  std::atomic<unsigned> inside{0};
  // Each thread leaves only once another one is inside, as long as one comes, so that the gate is never empty by
  // itself.
  const auto overlap = [&] {
    while (!passed) {
      const AloneGate::Passage passage(gate, false);
      ++inside;
      for (int i = 0; i < 100000 && inside < 2 && !passed; ++i) std::this_thread::yield();
      --inside;
    }
  };
  std::thread first(overlap);
  std::thread second(overlap);
  std::thread suspect([&] {
    const AloneGate::Passage passage(gate, true);
    EXPECT_EQ(inside, 0U);
    passed = true;
  });
  suspect.join();
  first.join();
  second.join();
  EXPECT_TRUE(passed);
}

TEST_F(WorkerTest, HandlesACrashSuspectWithNothingElseInFlight) {
  settings.concurrency = 2;
  const Event innocent = makeEvent(1);
  const Event suspect = makeEvent(2);
  Door innocent_may_end;
  Door suspect_is_handled;
  store.on_persist = [&](std::span<const Event> events) {
    if (events.front().id == innocent.id)
      innocent_may_end.pass();
    else
      suspect_is_handled.open();
  };
  start();
  queue.give({innocent});
  queue.awaitHandedOut(1);
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
  Door suspect_may_end;
  Door innocent_is_handled;
  store.on_persist = [&](std::span<const Event> events) {
    if (events.front().id == suspect.id)
      suspect_may_end.pass();
    else
      innocent_is_handled.open();
  };
  start();
  queue.give({suspect}, 2, true);
  queue.awaitHandedOut(1);
  while (store.calls() == 0) std::this_thread::yield();
  queue.give({innocent});
  queue.awaitHandedOut(2);
  EXPECT_FALSE(innocent_is_handled.opensSoon());
  suspect_may_end.open();
  queue.awaitSettled(2);
}

}  // namespace penstock::test
