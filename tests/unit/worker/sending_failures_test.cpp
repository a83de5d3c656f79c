#include "worker_fixture.h"

#include <algorithm>
#include <atomic>
#include <thread>

namespace penstock::test {

/// Sending while the store, or the process itself, leaves.
class SendingFailuresTest : public WorkerTest {
protected:
  SendingFailuresTest() {
    providers.on_request = [](std::string_view, const Event&, std::uint32_t) {
      return requestTo("https://provider.example/send");
    };
  }

  void anEarlierAttemptIsSending() {
    store.answer = [](const Event& event) {
      Persisted persisted;
      persisted.message = event.id;
      persisted.conversation = 1;
      persisted.status = MessageStatus::Sending;
      return persisted;
    };
  }
  /// Until the store has been asked for leave and the lease is nearly spent.
  void awaitTakenBack(const std::atomic<bool>& asked) {
    while (!asked) std::this_thread::yield();
    for (int i = 0; i < 20 && store.attempts().empty(); ++i) {
      awaitStagePause();
      clock.advance(2s);
    }
  }
  void answerNobody() {
    transport.on_send = [](const OutboundRequest&) { return std::optional<SendOutcome>(); };
  }
};

TEST_F(SendingFailuresTest, ALeaveWhoseAnswerWasLostIsTakenBackAndNothingIsUnknown) {
  std::atomic<std::uint32_t> begun = 0;
  policy.on_retry = [](const RetryQuestion&) { return std::optional<Duration>(3s); };
  store.on_begin = [&](const Intent& intent) {
    if (intent.attempt <= begun) return BeginResult{false, MessageStatus::Sending};
    begun = intent.attempt;
    throw StoreUnavailable("committed, but the answer was lost");
  };
  start();
  queue.give({makeOutbound(1)});
  while (begun == 0) std::this_thread::yield();
  awaitStagePause();
  clock.advance(100ms);
  EXPECT_TRUE(std::holds_alternative<RetryAfter>(queue.awaitSettled(1).front().settlement.outcome));
  const auto attempts = store.attempts();
  ASSERT_EQ(attempts.size(), 1U);
  EXPECT_EQ(attempts[0].number, 1U);
  EXPECT_EQ(attempts[0].outcome, AttemptOutcome::NotSent);
  EXPECT_EQ(attempts[0].end, AttemptEnd::Open);
  EXPECT_EQ(transport.sends(), 0U);
}

TEST_F(SendingFailuresTest, WhatTheStoreDoesNotSayInTimeIsTakenBack) {
  policy.on_retry = [](const RetryQuestion&) { return std::optional<Duration>(3s); };
  std::atomic<bool> asked = false;
  store.on_begin = [&](const Intent&) -> BeginResult {
    asked = true;
    throw StoreUnavailable("away");
  };
  start();
  queue.give({makeOutbound(1)});
  awaitTakenBack(asked);
  EXPECT_TRUE(std::holds_alternative<RetryAfter>(queue.awaitSettled(1).front().settlement.outcome));
  EXPECT_EQ(store.attempts().front().outcome, AttemptOutcome::NotSent);
}

TEST_F(SendingFailuresTest, NobodyIsGivenUpBeforeTheStoreHasJudgedAnEarlierAttempt) {
  policy.on_route = [](const Event&) { return Routing{Routing::Verdict::Routed, "keyed"}; };
  policy.on_retry = [](const RetryQuestion&) { return std::optional<Duration>(); };
  anEarlierAttemptIsSending();
  std::atomic<bool> asked = false;
  store.on_begin = [&](const Intent&) -> BeginResult {
    asked = true;
    throw StoreUnavailable("away");
  };
  start();
  queue.give({makeOutbound(1)}, 2);
  awaitTakenBack(asked);
  EXPECT_TRUE(std::holds_alternative<RetryAfter>(queue.awaitSettled(1).front().settlement.outcome));
  EXPECT_EQ(store.attempts().front().end, AttemptEnd::Open);
}

TEST_F(SendingFailuresTest, ALostAttemptThatTurnsOutToBeOverIsNotTheLast) {
  policy.on_retry = [](const RetryQuestion&) { return std::optional<Duration>(); };
  anEarlierAttemptIsSending();
  start();
  queue.give({makeOutbound(1)}, 2);
  EXPECT_TRUE(std::holds_alternative<RetryAfter>(queue.awaitSettled(1).front().settlement.outcome));
  EXPECT_EQ(transport.sends(), 0U);
}

TEST_F(SendingFailuresTest, WhatTheStoreRefusesToJudgeCostsNobodyElse) {
  const Uuid bad = makeOutbound(3).id;
  store.on_begin = [&](const Intent& intent) {
    if (intent.message == bad) throw StoreRejected("not this one");
    return BeginResult{true, MessageStatus::Sending};
  };
  start();
  queue.give(makeOutbounds(1, 5));
  for (const auto& each : queue.awaitSettled(5)) {
    if (each.id == bad) {
      EXPECT_EQ(std::get<Dead>(each.settlement.outcome).grounds, Grounds::Rejected);
    } else {
      EXPECT_TRUE(std::holds_alternative<Done>(each.settlement.outcome));
    }
  }
  EXPECT_EQ(transport.sends(), 4U);
}

TEST_F(SendingFailuresTest, WhatIsKnownIsKeptHoweverLongTheStoreIsAway) {
  std::atomic<bool> away = true;
  std::atomic<int> tries = 0;
  store.on_record = [&](std::span<const Attempt>) {
    ++tries;
    if (away) throw StoreUnavailable("away");
  };
  start();
  queue.give({makeOutbound(1)});
  while (tries == 0) std::this_thread::yield();
  for (int i = 0; i < 60; ++i) {
    awaitStagePause();
    clock.advance(2s);
  }
  EXPECT_TRUE(store.attempts().empty());
  away = false;
  awaitStagePause();
  clock.advance(2s);
  queue.awaitSettled(1);
  ASSERT_EQ(store.attempts().size(), 1U);
  EXPECT_EQ(store.attempts().front().outcome, AttemptOutcome::Sent);
}

TEST_F(SendingFailuresTest, AnAttemptWhoseTextsTheStoreRefusesIsKeptWithoutThem) {
  store.on_record = [](std::span<const Attempt> attempts) {
    if (std::ranges::any_of(attempts, [](const Attempt& one) { return !one.error.empty(); }))
      throw StoreRejected("not such texts");
  };
  transport.on_send = [](const OutboundRequest&) { return std::optional<SendOutcome>(answered(400)); };
  start();
  queue.give({makeOutbound(1)});
  EXPECT_EQ(std::get<Dead>(queue.awaitSettled(1).front().settlement.outcome).grounds, Grounds::Rejected);
  ASSERT_EQ(store.attempts().size(), 1U);
  EXPECT_EQ(store.attempts().front().end, AttemptEnd::Failed);
  EXPECT_EQ(log.count("worker.attempt_rejected"), 0U);
}

TEST_F(SendingFailuresTest, AnAttemptThatTheStoreRefusesToKeepCostsNobodyElse) {
  const Uuid bad = makeOutbound(3).id;
  store.on_record = [&](std::span<const Attempt> attempts) {
    if (std::ranges::any_of(attempts, [&](const Attempt& one) { return one.message == bad; }))
      throw StoreRejected("not this one");
  };
  start();
  queue.give(makeOutbounds(1, 5));
  for (const auto& each : queue.awaitSettled(5)) {
    if (each.id == bad) {
      EXPECT_EQ(std::get<Dead>(each.settlement.outcome).grounds, Grounds::Unknown) << "a person has to look at it";
    } else {
      EXPECT_TRUE(std::holds_alternative<Done>(each.settlement.outcome));
    }
  }
  const auto kept = store.attempts();
  for (const unsigned number : {1U, 2U, 4U, 5U})
    EXPECT_TRUE(std::ranges::any_of(kept, [&](const Attempt& one) { return one.message == makeOutbound(number).id; }));
  EXPECT_EQ(log.count("worker.attempt_rejected"), 1U);
  EXPECT_EQ(transport.sends(), 5U);
}

TEST_F(SendingFailuresTest, AStopDoesNotWaitForTheStoreBeyondItsDeadline) {
  std::atomic<bool> tried = false;
  Door asked;
  store.on_record = [&](std::span<const Attempt>) {
    if (!tried.exchange(true)) asked.open();
    throw StoreUnavailable("away");
  };
  start();
  queue.give({makeOutbound(1)});
  asked.pass();
  const SteadyTime begun = clock.now();
  Door ended;
  std::jthread stopping([&] {
    worker->stop(begun + 6s);
    ended.open();
  });
  while (!ended.opensSoon() && clock.now() < begun + 20s) clock.advance(2s);
  EXPECT_TRUE(ended.opensSoon()) << "the lease goes on for 30 s";
  clock.advance(1min);
}

TEST_F(SendingFailuresTest, WhatAVolatileQueueWouldLoseIsSentBeforeTheEnd) {
  queue.lasting = false;
  Door begun;
  Door may_end;
  store.on_begin = [&](const Intent&) {
    begun.open();
    may_end.pass();
    return BeginResult{true, MessageStatus::Sending};
  };
  start();
  queue.give({makeOutbound(1)});
  begun.pass();
  queue.give({makeOutbound(2)});
  queue.awaitHandedOut(2);
  std::jthread stopping([&] { worker->stop(clock.now() + 10s); });
  clock.awaitWaiting(5);  // the three other stages, the scheduler, and the stop
  may_end.open();
  for (const auto& each : queue.awaitSettled(2)) EXPECT_TRUE(std::holds_alternative<Done>(each.settlement.outcome));
  EXPECT_EQ(transport.sends(), 2U);
}

TEST_F(SendingFailuresTest, WhatIsNotBegunIsGivenBackByAStop) {
  Door begun;
  Door may_end;
  store.on_begin = [&](const Intent&) {
    begun.open();
    may_end.pass();
    return BeginResult{true, MessageStatus::Sending};
  };
  start();
  queue.give({makeOutbound(1)});
  begun.pass();
  queue.give({makeOutbound(2)});
  queue.awaitHandedOut(2);
  std::jthread stopping([&] { worker->stop(clock.now() + 10s); });
  clock.awaitWaiting(5);
  may_end.open();
  const auto settled = queue.awaitSettled(2);
  const auto second =
      std::ranges::find_if(settled, [](const FakeQueue::Settled& one) { return one.id == makeOutbound(2).id; });
  ASSERT_NE(second, settled.end());
  EXPECT_EQ(std::get<Release>(second->settlement.outcome), (Release{0us, "stop"}));
  EXPECT_EQ(transport.sends(), 1U);
}

TEST_F(SendingFailuresTest, AnAnswerThatComesAfterTheStopIsHeardByNobody) {
  answerNobody();
  start();
  queue.give({makeOutbound(1)});
  transport.awaitSends(1);
  worker->stop(clock.now());
  transport.answer(answered(202));
  EXPECT_TRUE(store.attempts().empty());
  EXPECT_TRUE(queue.awaitSettled(0).empty()) << "its lease runs out";
  worker.reset();  // with the message still in its hands
}

TEST_F(SendingFailuresTest, WhatWasSentIsKeptAlthoughTheLeaseIsGone) {
  answerNobody();
  queue.holds = [](const LeaseToken&) { return false; };
  start();
  queue.give({makeOutbound(1)});
  transport.awaitSends(1);
  clock.advance(31s);
  transport.answer(answered(202));
  queue.awaitSettled(1);
  ASSERT_EQ(store.attempts().size(), 1U);
  EXPECT_EQ(store.attempts().front().outcome, AttemptOutcome::Sent);
}

TEST_F(SendingFailuresTest, NothingLeavesOnceTheLeaseIsSpent) {
  store.on_begin = [&](const Intent&) {
    clock.advance(31s);  // the process stood still before it came back from the store
    return BeginResult{true, MessageStatus::Sending};
  };
  transport.on_send = [](const OutboundRequest&) {
    return std::optional<SendOutcome>(failed(SendFault::TimedOut, false));
  };
  start();
  queue.give({makeOutbound(1)});
  queue.awaitSettled(1);
  EXPECT_LE(transport.lastDeadline(), clock.now()) << "the transport sends nothing after the deadline";
}

}  // namespace penstock::test
