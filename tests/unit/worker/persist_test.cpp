#include "worker_fixture.h"

#include <atomic>
#include <map>
#include <set>
#include <thread>

namespace penstock::test {

TEST_F(WorkerTest, PersistsAndSettlesABatchInOneCallEach) {
  start();
  queue.give(makeEvents(1, 500));
  const auto settled = queue.awaitSettled(500);
  for (const auto& each : settled) EXPECT_TRUE(std::holds_alternative<Done>(each.settlement.outcome));
  EXPECT_EQ(store.calls(), 1U);
  EXPECT_EQ(queue.settleCalls(), 1U);
  queue.awaitReceives(2);
  EXPECT_EQ(count("dequeued_total"), 500);
  EXPECT_EQ(count("processed_total"), 500);
  EXPECT_EQ(count("queue_wait_seconds"), 500);
  EXPECT_EQ(count("persist_seconds"), 1);
  EXPECT_EQ(count("end_to_end_seconds"), 500);
}

TEST_F(WorkerTest, APoisonedEventGoesToTheDeadLettersAndTheOther499AreDone) {
  const Event poison = makeEvent(321);
  store.on_persist = [&](std::span<const Event> events) {
    for (const Event& event : events)
      if (event.id == poison.id) throw StoreRejected("NOT NULL constraint failed");
  };
  start();
  queue.give(makeEvents(1, 500));
  for (const auto& each : queue.awaitSettled(500)) {
    if (each.id == poison.id)
      EXPECT_EQ(std::get<Dead>(each.settlement.outcome),
                (Dead{"store rejected: NOT NULL constraint failed", "", Grounds::Rejected}));
    else
      EXPECT_TRUE(std::holds_alternative<Done>(each.settlement.outcome));
  }
  EXPECT_EQ(store.kept().size(), 499U);
  EXPECT_LE(store.calls(), 19U) << "splitting must take a logarithm of the batch";
  queue.awaitReceives(2);
  EXPECT_EQ(count("dead_total"), 1);
  EXPECT_EQ(count("failed_total"), 1);
  EXPECT_EQ(count("processed_total"), 499);
  EXPECT_EQ(log.count("worker.dead"), 1U);
}

TEST_F(WorkerTest, AnEventThatThrowsIsRetriedAsPolicySaysWhileTheOthersAreDone) {
  const Event poison = makeEvent(3, clock.wall() - 80h);  // by a clock that is not the queue's
  store.on_persist = [&](std::span<const Event> events) {
    for (const Event& event : events)
      if (event.id == poison.id) throw std::runtime_error("surprise");
  };
  std::vector<RetryQuestion> asked;
  policy.on_retry = [&](const RetryQuestion& question) -> std::optional<Duration> {
    asked.push_back(question);
    if (question.number >= 10) return std::nullopt;
    return 4s;
  };
  start();
  auto events = makeEvents(1, 4);
  events[2] = poison;
  queue.age = 90s;
  queue.give(events, 9);
  for (const auto& each : queue.awaitSettled(4)) {
    if (each.id == poison.id)
      EXPECT_EQ(std::get<RetryAfter>(each.settlement.outcome), (RetryAfter{4s, "surprise"}));
    else
      EXPECT_TRUE(std::holds_alternative<Done>(each.settlement.outcome));
  }
  queue.give({poison}, 10);
  const auto settled = queue.awaitSettled(5);
  EXPECT_EQ(std::get<Dead>(settled[4].settlement.outcome),
            (Dead{"gave up after 10 attempts: surprise", "", Grounds::GaveUp}));
  queue.awaitReceives(3);
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[0].number, 9U);
  EXPECT_EQ(asked[0].age, 90s);
  EXPECT_EQ(asked[0].outcome, "failed");
  EXPECT_EQ(count("retried_total"), 1);
  EXPECT_EQ(count("dead_total"), 1);
  EXPECT_EQ(count("failed_total"), 2);
}

TEST_F(WorkerTest, WorksOnAfterAnExceptionThatIsNoStdException) {
  std::atomic<bool> thrown{false};
  store.on_persist = [&](std::span<const Event>) {
    if (!thrown.exchange(true)) throw 42;  // NOLINT
  };
  start();
  queue.give({makeEvent(1)});
  awaitPause();
  queue.give({makeEvent(2)});
  clock.advance(100ms);
  EXPECT_EQ(queue.awaitSettled(1)[0].id, makeEvent(2).id);
  EXPECT_EQ(count("exceptions_total"), 1);
}

TEST_F(WorkerTest, WorksOnWhenTheStoreAnswersForFewerEventsThanItGot) {
  store.answer = [&](const Event&) -> Persisted { throw std::logic_error("a fault of the store"); };
  policy.on_retry = [](const RetryQuestion&) { return std::optional<Duration>(1s); };
  start();
  queue.give(makeEvents(1, 3));
  for (const auto& each : queue.awaitSettled(3))
    EXPECT_TRUE(std::holds_alternative<RetryAfter>(each.settlement.outcome));
}

TEST_F(WorkerTest, CountsALostLeaseAndTakesItForNoError) {
  queue.holds = [](const LeaseToken&) { return false; };
  start();
  queue.give({makeEvent(1)});
  queue.awaitSettled(1);
  queue.awaitReceives(2);
  EXPECT_EQ(count("lease_lost_total"), 1);
  EXPECT_EQ(count("processed_total"), 0);
  EXPECT_EQ(count("failed_total"), 0);
  EXPECT_EQ(log.count("worker.lease_lost"), 1U);
}

TEST_F(WorkerTest, MeasuresEndToEndOnceForAMessageThatIsHandedOutTwice) {
  bool first = true;
  store.answer = [&](const Event& event) {
    Persisted persisted;
    persisted.message = event.id;
    persisted.verdict = std::exchange(first, false) ? PersistVerdict::Inserted : PersistVerdict::Existing;
    return persisted;
  };
  start();
  queue.give({makeEvent(1)});
  queue.give({makeEvent(1)}, 2);
  queue.awaitReceives(3);
  EXPECT_EQ(count("end_to_end_seconds"), 1);
  EXPECT_EQ(count("processed_total"), 2);
}

TEST_F(WorkerTest, CountsAnAcceptedEventWhoseKeyIsKnownWithOtherContent) {
  store.answer = [&](const Event& event) {
    Persisted persisted;
    persisted.message = event.id;
    persisted.key_reused = true;
    return persisted;
  };
  start();
  queue.give({makeEvent(1)});
  queue.awaitReceives(2);
  EXPECT_EQ(count("key_reused_total"), 1);
}

TEST_F(WorkerTest, LogsOneLineAMessageWithItsIdsAndNothingOfItsContent) {
  start();
  queue.give({makeEvent(1)}, 3);
  queue.awaitReceives(2);
  ASSERT_EQ(log.count("worker.persisted"), 1U);
  for (const Poco::Message& line : log.lines()) {
    EXPECT_EQ(line.getText().find("text of the message"), std::string::npos);
    for (const char* name : {"request_id", "message_id", "stored_id", "key", "attempt", "outcome", "reason"}) {
      EXPECT_EQ(line.get(name, "").find("text of the message"), std::string::npos) << name;
      EXPECT_EQ(line.get(name, "").find("5550001111"), std::string::npos) << name;
    }
    if (line.get("event", "") != "worker.persisted") continue;
    EXPECT_EQ(line.get("request_id"), "request-1");
    EXPECT_EQ(line.get("message_id"), makeEvent(1).id.text());
    EXPECT_EQ(line.get("key"), makeEvent(1).key.hex());
    EXPECT_EQ(line.get("attempt"), "3");
    EXPECT_EQ(line.get("outcome"), "inserted");
  }
}

TEST_F(WorkerTest, AMessageThatComesBackHasItsLineAlready) {
  store.answer = [](const Event& event) {
    Persisted persisted;
    persisted.verdict = PersistVerdict::Existing;
    persisted.message = event.id == makeEvent(2).id ? makeEvent(77).id : event.id;
    return persisted;
  };
  start();
  queue.give({makeEvent(1)});
  queue.awaitReceives(2);
  EXPECT_EQ(log.count("worker.persisted"), 0U);
  queue.give({makeEvent(2)});
  queue.awaitReceives(3);
  EXPECT_EQ(log.count("worker.persisted"), 1U) << "one that turned out to be another";
}

TEST_F(WorkerTest, WaitsInTheQueueWhileThereIsNothingToDo) {
  start();
  queue.awaitReceives(1);
  queue.endIdleWait();
  queue.awaitReceives(2);
  EXPECT_EQ(queue.receives(), 2U) << "one receive for each idle wait, no more";
  EXPECT_EQ(board.ticks("worker-1"), 2U);
}

TEST_F(WorkerTest, EveryStageOfSendingHasAHeartbeatThatGoesOn) {
  start();
  const auto stages = {"worker-begin", "worker-end", "worker-record", "worker-settle"};
  std::map<std::string, std::uint64_t> before;
  for (const std::string stage : stages) before[stage] = board.ticks(stage);
  clock.awaitWaiting(5);  // the four stages and the scheduler
  clock.advance(1min);
  for (const std::string stage : stages)
    while (board.ticks(stage) == before[stage]) std::this_thread::yield();
}

TEST_F(WorkerTest, ThreadsShareTheWorkAndSettleEachEventOnce) {
  settings.concurrency = 4;
  start();
  for (unsigned batch = 0; batch < 200; ++batch) queue.give(makeEvents(batch * 10, 10), 1, batch % 50 == 0);
  const auto settled = queue.awaitSettled(2000);
  std::set<Uuid> ids;
  for (const auto& each : settled) {
    EXPECT_TRUE(std::holds_alternative<Done>(each.settlement.outcome));
    ids.insert(each.id);
  }
  EXPECT_EQ(settled.size(), 2000U);
  EXPECT_EQ(ids.size(), 2000U);
}

}  // namespace penstock::test
