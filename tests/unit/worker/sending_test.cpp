#include "sending_fixture.h"

#include <atomic>

namespace penstock::test {

/// A memory that keeps everything.
class FakeCache final : public Cache {
public:
  void note(SentNote note) noexcept override {
    std::lock_guard guard(mutex_);
    notes_.push_back(std::move(note));
  }
  std::optional<std::vector<SentNote>> newest(Page) noexcept override { return std::nullopt; }
  std::vector<SentNote> all() {
    std::lock_guard guard(mutex_);
    return notes_;
  }

private:
  std::mutex mutex_;
  std::vector<SentNote> notes_;
};

TEST_F(SendingTest, AMessageIsSentRecordedAndDone) {
  transport.on_send = [&](const OutboundRequest& request) {
    EXPECT_EQ(request.url, "https://provider.example/send");
    return std::optional<SendOutcome>(answered(202));
  };
  start();
  became<Done>();
  EXPECT_EQ(transport.sends(), 1u);
  const auto attempts = store.attempts();
  ASSERT_EQ(attempts.size(), 1u);
  EXPECT_EQ(attempts[0].message, makeOutbound(1).id);
  EXPECT_EQ(attempts[0].outcome, AttemptOutcome::Sent);
  EXPECT_EQ(attempts[0].provider, "plain");
  EXPECT_EQ(attempts[0].http_status, 202);
  EXPECT_EQ(metrics.value("penstock_sends_total{provider=\"plain\",outcome=\"sent\"}"), 1);
  stop();
  EXPECT_EQ(count("processed_total"), 1);
}

TEST_F(SendingTest, AnAttemptSaysWhatItsMessageWaitedForBefore) {
  const std::map<std::string, Duration> waits{{"pace", 90s}, {"retry", 30s}};
  queue.waits[makeOutbound(1).id] = waits;
  start();
  became<Done>();
  ASSERT_EQ(store.attempts().size(), 1u);
  EXPECT_EQ(store.attempts().front().waits, waits);
}

TEST_F(SendingTest, WaitsStayWithTheirMessageAmongEventsThatAreNotSent) {
  const std::vector<Event> events{makeOutbound(1), makeEvent(2), makeOutbound(3), makeEvent(4), makeOutbound(5)};
  queue.waits[events[0].id] = {{"pace", 90s}};
  queue.waits[events[1].id] = {{"store", 7s}};
  queue.waits[events[2].id] = {{"breaker", 30s}};
  start();
  queue.give(events);
  queue.awaitSettled(events.size());
  std::map<Uuid, std::map<std::string, Duration>> seen;
  for (const Attempt& attempt : store.attempts()) seen[attempt.message] = attempt.waits;
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[events[0].id], queue.waits[events[0].id]);
  EXPECT_EQ(seen[events[2].id], queue.waits[events[2].id]);
  EXPECT_TRUE(seen[events[4].id].empty());
}

TEST_F(SendingTest, WhatIsSentIsNotedAsTheStoreKeepsIt) {
  FakeCache notes;
  cache = &notes;
  transport.on_send = [&](const OutboundRequest&) {
    EXPECT_TRUE(notes.all().empty()) << "it is not sent yet";
    clock.advance(250ms);
    return std::optional<SendOutcome>(answered(202));
  };
  providers.on_conclude = [](const OutboundResponse&, bool) {
    SendVerdict verdict;
    verdict.outcome = AttemptOutcome::Sent;
    verdict.provider_message_id = "theirs";
    return verdict;
  };
  store.on_record = [&](std::span<const Attempt>) { EXPECT_EQ(notes.all().size(), 1u); };
  start();
  became<Done>();
  const auto noted = notes.all();
  ASSERT_EQ(noted.size(), 1u);
  const Attempt attempt = store.attempts().front();
  EXPECT_EQ(noted[0].message_id, makeOutbound(1).id);
  EXPECT_EQ(noted[0].provider_message_id, "theirs");
  EXPECT_EQ(attempt.latency, 250ms);
  EXPECT_EQ(noted[0].sent_at, attempt.started_at + attempt.latency);
  stop();
}

TEST_F(SendingTest, WhatIsNotSentOrUnknownIsNotNoted) {
  FakeCache notes;
  cache = &notes;
  std::atomic<int> sends = 0;
  transport.on_send = [&](const OutboundRequest&) {
    return ++sends == 1 ? std::optional<SendOutcome>(answered(400))
                        : std::optional<SendOutcome>(failed(SendFault::Broken, true));
  };
  start();
  queue.give(makeOutbounds(1, 1));
  queue.awaitSettled(1);
  queue.give(makeOutbounds(2, 1));
  queue.awaitSettled(2);
  EXPECT_EQ(sends, 2);
  EXPECT_TRUE(notes.all().empty());
  stop();
}

TEST_F(SendingTest, NoByteLeavesBeforeTheStoreHasGivenLeave) {
  std::atomic<bool> granted = false;
  store.on_begin = [&](const Intent& intent) {
    EXPECT_EQ(intent.message, makeOutbound(1).id);
    EXPECT_EQ(intent.provider, "plain");
    granted = true;
    return BeginResult{true, MessageStatus::Sending};
  };
  transport.on_send = [&](const OutboundRequest&) {
    EXPECT_TRUE(granted);
    return std::optional<SendOutcome>(answered(202));
  };
  start();
  became<Done>();
}

TEST_F(SendingTest, WhatIsRefusedIsNotSent) {
  for (const auto& [status, index] : {std::pair(MessageStatus::Sent, 0u), std::pair(MessageStatus::Delivered, 0u),
                                      std::pair(MessageStatus::Unknown, 2u), std::pair(MessageStatus::Failed, 2u)}) {
    FakeQueue fresh;
    Worker one(fresh, store, control, policy, providers, transport, clock, log.log(), metrics, settings);
    store.on_begin = [status = status](const Intent&) { return BeginResult{false, status}; };
    WorkerTest::start(one);
    fresh.give({makeOutbound(1)});
    EXPECT_EQ(fresh.awaitSettled(1).front().settlement.outcome.index(), index) << word(status);
    one.stop(clock.now() + 10s);
  }
  EXPECT_EQ(transport.sends(), 0u);
  EXPECT_TRUE(store.attempts().empty());
}

TEST_F(SendingTest, WithoutTheStoreNothingIsSentAndNoAttemptCounts) {
  std::atomic<bool> away = true;
  store.on_begin = [&](const Intent& intent) {
    EXPECT_EQ(intent.attempt, 1u);
    EXPECT_EQ(transport.sends(), 0u);
    if (away.exchange(false)) throw StoreUnavailable("the disk is full");
    return BeginResult{true, MessageStatus::Sending};
  };
  start();
  queue.give({makeOutbound(1)});
  while (away) std::this_thread::yield();
  awaitStagePause();
  clock.advance(100ms);
  EXPECT_TRUE(std::holds_alternative<Done>(queue.awaitSettled(1).front().settlement.outcome));
  EXPECT_EQ(store.attempts().size(), 1U);
}

TEST_F(SendingTest, WhatMayHaveLeftIsNotSentAgain) {
  transport.on_send = [](const OutboundRequest&) {
    return std::optional<SendOutcome>(failed(SendFault::Broken, true));
  };
  start();
  EXPECT_EQ(became<Dead>().reason, "it is unknown whether it was sent: the connection broke");
  EXPECT_EQ(store.attempts().front().outcome, AttemptOutcome::Unknown);
  EXPECT_EQ(transport.sends(), 1u);
}

TEST_F(SendingTest, WhatMayHaveLeftIsTriedAgainWithAProviderThatRecognisesIt) {
  route("keyed");
  policy.on_retry = [](const RetryQuestion& question) {
    EXPECT_EQ(question.outcome, "unknown");
    return std::optional<Duration>(3s);
  };
  transport.on_send = [](const OutboundRequest&) {
    return std::optional<SendOutcome>(failed(SendFault::TimedOut, true));
  };
  start();
  EXPECT_EQ(became<RetryAfter>().delay, 3s);
  EXPECT_EQ(store.attempts().front().end, AttemptEnd::Open);
  EXPECT_TRUE(store.intents().front().resend);
}

TEST_F(SendingTest, WhatCertainlyDidNotLeaveIsTriedAgain) {
  policy.on_retry = [](const RetryQuestion&) { return std::optional<Duration>(3s); };
  transport.on_send = [](const OutboundRequest&) {
    return std::optional<SendOutcome>(failed(SendFault::Unreachable, false));
  };
  start();
  EXPECT_EQ(became<RetryAfter>().delay, 3s);
  EXPECT_EQ(store.attempts().front().outcome, AttemptOutcome::NotSent);
}

TEST_F(SendingTest, NothingIsSettledBeforeItIsRecorded) {
  std::atomic<int> failures = 3;
  store.on_record = [&](std::span<const Attempt>) {
    if (failures-- > 0) throw StoreUnavailable("gone");
    EXPECT_EQ(queue.settleCalls(), 0u);
  };
  start();
  queue.give({makeOutbound(1)});
  while (failures == 3) std::this_thread::yield();
  while (failures >= 0) {
    awaitStagePause();
    clock.advance(100ms);
  }
  EXPECT_TRUE(std::holds_alternative<Done>(queue.awaitSettled(1).front().settlement.outcome));
  EXPECT_EQ(transport.sends(), 1u);
}

TEST_F(SendingTest, AMessageThatSomebodyElseBeganIsAskedAboutBeforeItIsSent) {
  routeTo("asked", MessageStatus::Unknown);
  std::vector<std::string> urls;
  providers.on_lookup = [](const Event&) { return requestTo("https://provider.example/find"); };
  transport.on_send = [&](const OutboundRequest& request) {
    urls.push_back(request.url);
    return std::optional<SendOutcome>(answered(request.url.ends_with("find") ? 404 : 202));
  };
  providers.on_conclude = [](const OutboundResponse& answer, bool of_lookup) {
    SendVerdict verdict;
    verdict.outcome = of_lookup ? AttemptOutcome::NotSent : AttemptOutcome::Sent;
    verdict.retryable = true;
    verdict.http_status = static_cast<int>(answer.status);
    return verdict;
  };
  start();
  became<Done>(makeOutbound(1), 2);
  EXPECT_EQ(urls, (std::vector<std::string>{"https://provider.example/find", "https://provider.example/send"}));
  ASSERT_EQ(store.intents().size(), 1u);
  EXPECT_TRUE(store.intents().front().resend);
  ASSERT_EQ(store.attempts().size(), 1u);
  EXPECT_TRUE(store.attempts().front().earlier_not_sent);
}

TEST_F(SendingTest, AMessageThatTheProviderKnowsIsNotSentAgain) {
  routeTo("asked", MessageStatus::Unknown);
  providers.on_lookup = [](const Event&) { return requestTo("https://provider.example/find"); };
  providers.on_conclude = [](const OutboundResponse&, bool of_lookup) {
    EXPECT_TRUE(of_lookup);
    SendVerdict verdict;
    verdict.outcome = AttemptOutcome::Sent;
    verdict.provider_message_id = "theirs";
    return verdict;
  };
  start();
  became<Done>(makeOutbound(1), 2);
  EXPECT_EQ(transport.sends(), 1u);
  EXPECT_EQ(store.attempts().front().provider_message_id, "theirs");
}

TEST_F(SendingTest, AQuestionThatIsNotAnsweredLeavesTheMessageUnknown) {
  routeTo("asked", MessageStatus::Unknown);
  policy.on_retry = [](const RetryQuestion&) { return std::optional<Duration>(3s); };
  providers.on_lookup = [](const Event&) { return requestTo("https://provider.example/find"); };
  transport.on_send = [](const OutboundRequest&) {
    return std::optional<SendOutcome>(failed(SendFault::Unreachable, false));
  };
  start();
  became<RetryAfter>(makeOutbound(1), 2);
  EXPECT_EQ(store.attempts().front().outcome, AttemptOutcome::Unknown);
}

TEST_F(SendingTest, WhatWasSentBeforeIsDoneWithoutAskingAnyone) {
  routeTo("plain", MessageStatus::Sent);
  start();
  became<Done>(makeOutbound(1), 2);
  EXPECT_TRUE(store.intents().empty());
  EXPECT_EQ(transport.sends(), 0u);
}

TEST_F(SendingTest, AnEventThatIsAMessageAlreadyLeavesTheSendingToThatOne) {
  store.answer = [](const Event&) {
    Persisted persisted;
    persisted.verdict = PersistVerdict::Existing;
    persisted.message = makeOutbound(77).id;
    return persisted;
  };
  start();
  became<Done>();
  EXPECT_TRUE(store.intents().empty());
}

TEST_F(SendingTest, WhatComesInDoesNotGoOut) {
  const Event inbound = makeEvent(1);
  start();
  became<Done>(inbound);
  EXPECT_TRUE(store.intents().empty());
}

TEST_F(SendingTest, WithoutARouteItIsDeadWithThatReason) {
  policy.on_route = [](const Event&) { return Routing{Routing::Verdict::NoRoute, {}}; };
  start();
  EXPECT_EQ(became<Dead>().reason, "no route");
  EXPECT_EQ(store.attempts().front().end, AttemptEnd::Dead);
}

TEST_F(SendingTest, WhatNobodyCanSendAnyMoreIsUnknownWhenItsAttemptWasLost) {
  for (const auto& [verdict, reason] :
       {std::pair(Routing::Verdict::NoRoute, "no route"), std::pair(Routing::Verdict::Failed, "route.lua failed")}) {
    FakeQueue fresh;
    Worker one(fresh, store, control, policy, providers, transport, clock, log.log(), metrics, settings);
    routeTo("keyed", MessageStatus::Sending);
    policy.on_route = [verdict = verdict](const Event&) { return Routing{verdict, {}}; };
    policy.on_retry = [](const RetryQuestion&) { return std::optional<Duration>(); };
    store.on_begin = [](const Intent& intent) {
      EXPECT_FALSE(intent.resend);
      return BeginResult{false, MessageStatus::Unknown};
    };
    WorkerTest::start(one);
    fresh.give({makeOutbound(1)}, 2);
    const Settlement settlement = fresh.awaitSettled(1).front().settlement;
    const auto* dead = std::get_if<Dead>(&settlement.outcome);
    ASSERT_NE(dead, nullptr) << reason;
    EXPECT_EQ(dead->reason, std::string("it is unknown whether it was sent: ") + reason);
    EXPECT_EQ(dead->grounds, Grounds::Unknown);
    one.stop(clock.now() + 10s);
  }
  EXPECT_TRUE(store.attempts().empty()) << "the store has marked the lost one";
  EXPECT_EQ(transport.sends(), 0u);
}

TEST_F(SendingTest, LeaveForWhatNobodyCanSendIsNotUsed) {
  routeTo("keyed", MessageStatus::Sending);
  policy.on_route = [](const Event&) { return Routing{Routing::Verdict::NoRoute, {}}; };
  policy.on_retry = [](const RetryQuestion&) { return std::optional<Duration>(3s); };
  start();
  EXPECT_EQ(became<RetryAfter>(makeOutbound(1), 2).reason, "no route");
  ASSERT_EQ(store.attempts().size(), 1u);
  EXPECT_EQ(store.attempts().front().outcome, AttemptOutcome::NotSent);
  EXPECT_EQ(transport.sends(), 0u);
}

TEST_F(SendingTest, ARefusalOfWhatMayHaveBeenSentBeforeIsNoProofThatItWasNot) {
  routeTo("keyed", MessageStatus::Unknown);
  store.on_begin = [](const Intent&) { return BeginResult{true, MessageStatus::Sending, true}; };
  transport.on_send = [](const OutboundRequest&) { return std::optional<SendOutcome>(answered(400)); };
  start();
  EXPECT_EQ(became<Dead>(makeOutbound(1), 2).grounds, Grounds::Unknown);
  EXPECT_EQ(store.attempts().front().outcome, AttemptOutcome::NotSent);
}

TEST_F(SendingTest, WhenRoutingFailsItIsTriedLater) {
  policy.on_route = [](const Event&) { return Routing{}; };
  policy.on_retry = [](const RetryQuestion&) { return std::optional<Duration>(9s); };
  start();
  EXPECT_EQ(became<RetryAfter>().delay, 9s);
}

TEST_F(SendingTest, AVerdictWithoutTheNetworkIsRecordedLikeAnyOther) {
  providers.on_request = [](std::string_view, const Event&, std::uint32_t) {
    SendVerdict verdict;
    verdict.outcome = AttemptOutcome::NotSent;
    verdict.reason = "mock error";
    verdict.retryable = true;
    return SendStep(verdict);
  };
  policy.on_retry = [](const RetryQuestion&) { return std::optional<Duration>(1s); };
  start();
  EXPECT_EQ(became<RetryAfter>().reason, "mock error");
  EXPECT_EQ(store.intents().size(), 1u);
  EXPECT_EQ(transport.sends(), 0u);
}

}  // namespace penstock::test
