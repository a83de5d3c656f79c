#include "worker_fixture.h"

#include <atomic>

namespace penstock::test {
namespace {

class CondemnedTest : public WorkerTest {
protected:
  const Uuid id = makeOutbound(7).id;

  /// How the queue is told of it, and nothing but the store was asked.
  std::variant<Done, RetryAfter, Dead, Release> end(Grounds grounds) {
    std::atomic<bool> routed = false;
    policy.on_route = [&](const Event&) {
      routed = true;
      return Routing{Routing::Verdict::Routed, "plain"};
    };
    start();
    queue.giveCondemned(id, 5, grounds);
    const auto settled = queue.awaitSettled(1);
    stop();
    EXPECT_FALSE(routed) << "a script that may have crashed was run again";
    EXPECT_EQ(store.calls(), 0U) << "it was persisted once more";
    EXPECT_EQ(settled.size(), 1U);
    EXPECT_EQ(settled.front().id, id);
    return settled.front().settlement.outcome;
  }
};

TEST_F(CondemnedTest, AMessageThatNobodyBeganIsDead) {
  EXPECT_EQ(std::get<Dead>(end(Grounds::CrashSuspect)), (Dead{"crash_suspect", "", Grounds::CrashSuspect}));
  const auto intents = store.intents();
  ASSERT_EQ(intents.size(), 1U);
  EXPECT_FALSE(intents.front().resend);
  const auto attempts = store.attempts();
  ASSERT_EQ(attempts.size(), 1U);
  EXPECT_EQ(attempts.front().message, id);
  EXPECT_EQ(attempts.front().number, 5U);
  EXPECT_EQ(attempts.front().token, intents.front().token);
  EXPECT_EQ(attempts.front().outcome, AttemptOutcome::NotSent);
  EXPECT_EQ(attempts.front().end, AttemptEnd::Dead);
  EXPECT_EQ(attempts.front().error, "crash_suspect");
}

TEST_F(CondemnedTest, AnUnreadableOneIsDeadOnItsOwnGrounds) {
  EXPECT_EQ(std::get<Dead>(end(Grounds::Unreadable)), (Dead{"unreadable", "", Grounds::Unreadable}));
  EXPECT_EQ(store.attempts().size(), 1U);
}

TEST_F(CondemnedTest, OneThatWasSendingIsUnknownByTheStoreAndDeadInTheQueue) {
  store.on_begin = [](const Intent&) { return BeginResult{false, MessageStatus::Unknown}; };
  EXPECT_EQ(std::get<Dead>(end(Grounds::CrashSuspect)), (Dead{"crash_suspect", "", Grounds::CrashSuspect}));
  EXPECT_TRUE(store.attempts().empty()) << "an attempt that was not made hides that another may have sent";
}

TEST_F(CondemnedTest, OneThatWasSentIsDone) {
  store.on_begin = [](const Intent&) { return BeginResult{false, MessageStatus::Delivered}; };
  EXPECT_TRUE(std::holds_alternative<Done>(end(Grounds::CrashSuspect)));
}

TEST_F(CondemnedTest, WhatTheStoreRefusesIsDeadAllTheSame) {
  store.on_begin = [](const Intent&) -> BeginResult { throw StoreRejected("a value is out of range"); };
  EXPECT_EQ(std::get<Dead>(end(Grounds::CrashSuspect)), (Dead{"crash_suspect", "", Grounds::CrashSuspect}));
}

TEST_F(CondemnedTest, LeaveWhoseAnswerWasLostDoesNotLeaveItSending) {
  store.on_begin = [&](const Intent& intent) {
    return BeginResult{false, intent.attempt == 5 ? MessageStatus::Sending : MessageStatus::Unknown};
  };
  EXPECT_EQ(std::get<Dead>(end(Grounds::CrashSuspect)), (Dead{"crash_suspect", "", Grounds::CrashSuspect}));
  const auto intents = store.intents();
  ASSERT_EQ(intents.size(), 2U);
  EXPECT_EQ(intents[1].attempt, 6U) << "only a later attempt ends one that is lost";
  EXPECT_FALSE(intents[1].resend);
}

TEST_F(CondemnedTest, AStoreThatIsAwayIsAskedAgain) {
  std::atomic<int> asked = 0;
  store.on_begin = [&](const Intent&) {
    if (++asked == 1) throw StoreUnavailable("away");
    return BeginResult{true, MessageStatus::Sending};
  };
  start();
  queue.giveCondemned(id, 5, Grounds::CrashSuspect);
  const auto settled = queue.awaitSettled(2);
  stop();
  EXPECT_EQ(std::get<Release>(settled[0].settlement.outcome), (Release{1s, "store"}));
  EXPECT_EQ(std::get<Dead>(settled[1].settlement.outcome), (Dead{"crash_suspect", "", Grounds::CrashSuspect}));
  EXPECT_EQ(store.attempts().size(), 1U);
}

}  // namespace
}  // namespace penstock::test
