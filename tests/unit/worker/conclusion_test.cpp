#include "worker/conclusion.h"

#include "support/stub_policy.h"

#include <gtest/gtest.h>

namespace penstock::test {

using namespace std::chrono_literals;

// The table of outcomes: what is done after each, by what the provider can do.
class ConclusionTest : public testing::Test {
protected:
  ConclusionTest() {
    message.event.id.bytes[0] = 9;
    message.attempt = 2;
    message.earlier_attempts = 3;
    message.age = 60s;
    message.received = SteadyTime(100s);
    message.started = SteadyTime(101s);
    message.provider.name = "plain";
    policy.on_retry = [this](const RetryQuestion& question) {
      asked = question;
      return delay;
    };
  }

  Conclusion after(AttemptOutcome outcome, bool retryable = false) {
    SendVerdict verdict;
    verdict.outcome = outcome;
    verdict.retryable = retryable;
    verdict.reason = "why";
    verdict.http_status = 503;
    return conclude(message, verdict, SteadyTime(103s), policy);
  }

  Outgoing message;
  StubPolicy policy;
  std::optional<Duration> delay = 7s;
  RetryQuestion asked;
};

TEST_F(ConclusionTest, SentIsDone) {
  const Conclusion made = after(AttemptOutcome::Sent);
  EXPECT_TRUE(std::holds_alternative<Done>(made.outcome));
  EXPECT_EQ(made.attempt->outcome, AttemptOutcome::Sent);
  EXPECT_EQ(made.attempt->end, AttemptEnd::Open);
  EXPECT_EQ(made.attempt->number, 5u);
  EXPECT_EQ(made.attempt->latency, 2s);
}

TEST_F(ConclusionTest, NotSentIsTriedAgainAsPolicySays) {
  const Conclusion made = after(AttemptOutcome::NotSent, true);
  EXPECT_EQ(std::get<RetryAfter>(made.outcome), (RetryAfter{7s, "why"}));
  EXPECT_EQ(made.attempt->end, AttemptEnd::Open);
  EXPECT_EQ(asked.number, 2u);
  EXPECT_EQ(asked.age, 63s);
  EXPECT_EQ(asked.outcome, "not_sent");
  EXPECT_EQ(asked.status, 503);
  EXPECT_EQ(asked.provider, "plain");
}

TEST_F(ConclusionTest, WhatPolicyGivesUpIsDead) {
  delay = std::nullopt;
  const Conclusion made = after(AttemptOutcome::NotSent, true);
  EXPECT_EQ(std::get<Dead>(made.outcome).reason, "gave up after 2 attempts: why");
  EXPECT_EQ(made.attempt->end, AttemptEnd::Dead);
}

TEST_F(ConclusionTest, AFinalRefusalIsNeverTriedAgain) {
  const Conclusion made = after(AttemptOutcome::NotSent, false);
  EXPECT_EQ(std::get<Dead>(made.outcome).reason, "why");
  EXPECT_EQ(made.attempt->end, AttemptEnd::Failed);
}

TEST_F(ConclusionTest, WhatMayHaveBeenSentIsNeverTriedAgainBlindly) {
  const Conclusion made = after(AttemptOutcome::Unknown);
  EXPECT_EQ(std::get<Dead>(made.outcome).reason, "it is unknown whether it was sent: why");
  EXPECT_EQ(made.attempt->outcome, AttemptOutcome::Unknown);
  EXPECT_FALSE(message.intent().resend);
}

TEST_F(ConclusionTest, WhatMayHaveBeenSentIsTriedAgainWhereThatDoesNoHarm) {
  for (const bool keyed : {true, false}) {
    message.provider.takes_key = keyed;
    message.provider.looks_up = !keyed;
    const Conclusion made = after(AttemptOutcome::Unknown);
    EXPECT_EQ(std::get<RetryAfter>(made.outcome).delay, 7s);
    EXPECT_EQ(made.attempt->end, AttemptEnd::Open);
    EXPECT_TRUE(message.intent().resend);
  }
}

TEST_F(ConclusionTest, AFailureBeforeBytesLeftIsNotSent) {
  SendFailure failure;
  failure.may_have_left = false;
  for (const auto fault : {SendFault::Unresolved, SendFault::Unreachable, SendFault::Untrusted, SendFault::TimedOut,
                           SendFault::Busy, SendFault::Stopped}) {
    failure.fault = fault;
    EXPECT_EQ(verdictOf(failure).outcome, AttemptOutcome::NotSent);
    EXPECT_TRUE(verdictOf(failure).retryable);
  }
  for (const auto fault : {SendFault::Malformed, SendFault::Forbidden}) {
    failure.fault = fault;
    EXPECT_EQ(verdictOf(failure).outcome, AttemptOutcome::NotSent);
    EXPECT_FALSE(verdictOf(failure).retryable);
  }
}

TEST_F(ConclusionTest, AFailureAfterBytesMayHaveLeftIsUnknown) {
  SendFailure failure;
  failure.may_have_left = true;
  failure.fault = SendFault::Broken;
  EXPECT_EQ(verdictOf(failure).outcome, AttemptOutcome::Unknown);
}

TEST_F(ConclusionTest, WhatWasSentMeanwhileIsDone) {
  for (const auto status : {MessageStatus::Sent, MessageStatus::Delivered, MessageStatus::Read})
    EXPECT_TRUE(std::holds_alternative<Done>(refused(status, "plain").outcome));
}

TEST_F(ConclusionTest, WhatEndedWithoutItsDeadLetterGetsOne) {
  for (const auto status : {MessageStatus::Failed, MessageStatus::Dead, MessageStatus::Unknown}) {
    const Conclusion made = refused(status, "plain");
    EXPECT_TRUE(std::holds_alternative<Dead>(made.outcome));
    EXPECT_FALSE(made.attempt);
  }
}

TEST_F(ConclusionTest, ALeaveThatNobodyUsesIsLeftToALaterAttempt) {
  for (const auto status : {MessageStatus::Accepted, MessageStatus::Sending}) {
    const Conclusion made = refused(status, "plain");
    EXPECT_TRUE(std::holds_alternative<RetryAfter>(made.outcome))
        << "given back it would have the same number for ever";
    EXPECT_FALSE(made.attempt);
  }
}

TEST_F(ConclusionTest, WhatNobodySendsIsDeadWithThatReason) {
  const Conclusion made = unrouted(message, WallTime(5s));
  EXPECT_EQ(std::get<Dead>(made.outcome).reason, "no route");
  EXPECT_EQ(made.attempt->end, AttemptEnd::Dead);
  EXPECT_EQ(made.attempt->outcome, AttemptOutcome::NotSent);
}

Sign signOfFailure(SendFault fault) {
  const SendFailure failure{fault, "why", false, {}};
  return signOf(failure, verdictOf(failure));
}

TEST_F(ConclusionTest, WhatAnEarlierAttemptMayHaveSentStaysUnknownWhenNobodySendsItAnyMore) {
  message.status = MessageStatus::Sending;
  for (const Conclusion& made : {unrouted(message, WallTime(5s)), [&] {
                                   message.provider.name.clear();
                                   delay.reset();
                                   return after(AttemptOutcome::NotSent, true);
                                 }()}) {
    EXPECT_EQ(made.attempt->outcome, AttemptOutcome::Unknown);
    EXPECT_EQ(made.attempt->end, AttemptEnd::Dead);
    EXPECT_EQ(std::get<Dead>(made.outcome).grounds, Grounds::Unknown);
    EXPECT_TRUE(std::get<Dead>(made.outcome).reason.starts_with("it is unknown whether it was sent: "));
  }
}

TEST_F(ConclusionTest, AReplayDecidesWhatWasUnknown) {
  message.status = MessageStatus::Unknown;
  message.attempt = 1;
  EXPECT_EQ(std::get<Dead>(unrouted(message, WallTime(5s)).outcome).grounds, Grounds::NoRoute);
}

TEST(SignTest, WhatNeverCameToTheProviderSaysNothingAboutIt) {
  for (const auto fault : {SendFault::Malformed, SendFault::Forbidden, SendFault::Busy, SendFault::Stopped})
    EXPECT_EQ(signOfFailure(fault), Sign::None);
  for (const auto fault :
       {SendFault::Unresolved, SendFault::Unreachable, SendFault::Untrusted, SendFault::TimedOut, SendFault::Broken})
    EXPECT_EQ(signOfFailure(fault), Sign::Fails);
}

TEST(SignTest, AProviderThatRefusesOrAsksForPatienceWorks) {
  SendVerdict verdict;
  verdict.outcome = AttemptOutcome::NotSent;
  verdict.http_status = 400;
  EXPECT_EQ(signOf(verdict), Sign::Works);
  verdict.retryable = true;
  verdict.http_status = 429;
  EXPECT_EQ(signOf(verdict), Sign::Works);
  verdict.http_status = 500;
  EXPECT_EQ(signOf(verdict), Sign::Fails);
  verdict.outcome = AttemptOutcome::Unknown;
  EXPECT_EQ(signOf(OutboundResponse{}, verdict), Sign::Fails);
}

}  // namespace penstock::test
