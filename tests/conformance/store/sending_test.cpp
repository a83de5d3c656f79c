#include <gmock/gmock.h>

#include "conformance/store/sending_case.h"

namespace penstock::test {
namespace {

TEST_F(SendingCase, AnAcceptedMessageIsGrantedOnceAndIsSending) {
  const BeginResult first = begin(intent(event, 1));
  EXPECT_TRUE(first.granted);
  EXPECT_EQ(first.status, MessageStatus::Sending);
  EXPECT_EQ(statusOf(event), MessageStatus::Sending);
  const BeginResult again = begin(intent(event, 1));
  EXPECT_FALSE(again.granted);
  EXPECT_EQ(again.status, MessageStatus::Sending);
}

TEST_F(SendingCase, TheSameIntentTwiceInOneSpanIsGrantedOnce) {
  const std::vector<Intent> span{intent(event, 1), intent(event, 1)};
  const auto results = store().begin(span);
  EXPECT_TRUE(results[0].granted);
  EXPECT_FALSE(results[1].granted);
}

TEST_F(SendingCase, AnUnknownMessageAndAnInboundOneAreRefused) {
  EXPECT_FALSE(begin(intent(outbound(), 1)).granted);
  const Event received = inbound("p1");
  persist(received);
  const BeginResult refused = begin(intent(received, 1));
  EXPECT_FALSE(refused.granted);
  EXPECT_EQ(refused.status, MessageStatus::Received);
}

TEST_F(SendingCase, ALostAttemptIsNotSentAgainUnlessResendingDoesNoHarm) {
  begin(intent(event, 1));
  EXPECT_FALSE(begin(intent(event, 2)).granted);
  EXPECT_TRUE(begin(intent(event, 2, true)).granted);
  EXPECT_FALSE(begin(intent(event, 2, true)).granted);
}

TEST_F(SendingCase, ALostAttemptIsUnknownOnceALaterOneIsAskedFor) {
  begin(intent(event, 1));
  Intent later = intent(event, 2);
  later.provider = "other";
  const BeginResult refused = begin(later);
  EXPECT_FALSE(refused.granted);
  EXPECT_EQ(refused.status, MessageStatus::Unknown);
  const MessageDetail detail = reader().message(event.id).value();
  EXPECT_EQ(detail.message.status, MessageStatus::Unknown);
  ASSERT_EQ(detail.attempts.size(), 1u);
  const Attempt& lost = detail.attempts.front().attempt;
  EXPECT_EQ(lost.number, 1u);
  EXPECT_EQ(lost.outcome, AttemptOutcome::Unknown);
  EXPECT_EQ(lost.end, AttemptEnd::Dead) << "nobody tries again";
  EXPECT_EQ(lost.provider, intent(event, 1).provider) << "it was asked then";
  EXPECT_EQ(lost.error, "its worker was lost");
}

TEST_F(SendingCase, ALostAttemptStandsInTheHistoryAlsoWhenItIsSentAgain) {
  begin(intent(event, 1));
  EXPECT_TRUE(begin(intent(event, 2, true)).granted);
  end(2, AttemptOutcome::Sent);
  const MessageDetail detail = reader().message(event.id).value();
  EXPECT_EQ(detail.message.status, MessageStatus::Sent);
  ASSERT_EQ(detail.attempts.size(), 2u);
  EXPECT_EQ(detail.attempts.front().attempt.outcome, AttemptOutcome::Unknown);
  EXPECT_EQ(detail.attempts.front().attempt.end, AttemptEnd::Open);
}

TEST_F(SendingCase, OnlyTheProviderThatWasAskedRecognisesARepetition) {
  begin(intent(event, 1));
  Intent elsewhere = intent(event, 2, true);
  elsewhere.provider = "other";
  EXPECT_FALSE(begin(elsewhere).granted) << "its worker was lost";
  EXPECT_EQ(statusOf(event), MessageStatus::Unknown);
  elsewhere.attempt = 3;
  const BeginResult refused = begin(elsewhere);
  EXPECT_FALSE(refused.granted) << "it is unknown";
  EXPECT_EQ(refused.status, MessageStatus::Unknown);
  EXPECT_TRUE(begin(intent(event, 3, true)).granted);
}

TEST_F(SendingCase, WhoWasAskedIsKnownAfterARestart) {
  begin(intent(event, 1));
  end(1, AttemptOutcome::Unknown);
  plugin().restart();
  Intent elsewhere = intent(event, 2, true);
  elsewhere.provider = "other";
  EXPECT_FALSE(begin(elsewhere).granted);
  EXPECT_TRUE(begin(intent(event, 2, true)).granted);
}

TEST_F(SendingCase, WhatWasNotSentMayGoToAnotherProvider) {
  begin(intent(event, 1));
  end(1, AttemptOutcome::NotSent);
  Intent elsewhere = intent(event, 2);
  elsewhere.provider = "other";
  EXPECT_TRUE(begin(elsewhere).granted);
  EXPECT_FALSE(begin(intent(event, 3, true)).granted) << "the first one was not asked last";
}

TEST_F(SendingCase, AReplayMayChooseAnotherProvider) {
  begin(intent(event, 1));
  end(1, AttemptOutcome::Unknown, AttemptEnd::Dead);
  Intent replayed = intent(event, 2);
  replayed.provider = "other";
  replayed.replayed_after = 1;
  const BeginResult granted = begin(replayed);
  EXPECT_TRUE(granted.granted);
  EXPECT_FALSE(granted.doubtful) << "a person has decided it";
  end(2, AttemptOutcome::NotSent);
  EXPECT_EQ(statusOf(event), MessageStatus::Accepted);
}

TEST_F(SendingCase, WhatNobodyCanSendAnyMoreIsUnknownWhenItsAttemptWasLost) {
  begin(intent(event, 1));
  Intent nobody = intent(event, 2);
  nobody.provider.clear();
  const BeginResult refused = begin(nobody);
  EXPECT_FALSE(refused.granted);
  EXPECT_EQ(refused.status, MessageStatus::Unknown);
  const MessageDetail detail = reader().message(event.id).value();
  EXPECT_EQ(detail.message.status, MessageStatus::Unknown);
  ASSERT_EQ(detail.attempts.size(), 1u);
  EXPECT_EQ(detail.attempts.front().attempt.provider, "mock");
}

TEST_F(SendingCase, ALostWorkerThatComesBackIsHeard) {
  begin(intent(event, 1));
  begin(intent(event, 2));
  end(1, AttemptOutcome::Sent);
  const MessageDetail detail = reader().message(event.id).value();
  EXPECT_EQ(detail.message.status, MessageStatus::Sent);
  ASSERT_EQ(detail.attempts.size(), 1u);
  EXPECT_EQ(detail.attempts.front().attempt.outcome, AttemptOutcome::Sent);
}

TEST_F(SendingCase, AMessageThatWasGivenUpIsDead) {
  begin(intent(event, 1));
  end(1, AttemptOutcome::NotSent, AttemptEnd::Dead);
  EXPECT_EQ(statusOf(event), MessageStatus::Dead);
  for (const bool resend : {false, true}) EXPECT_FALSE(begin(intent(event, 2, resend)).granted);
}

TEST_F(SendingCase, AMessageThatNobodySendsIsDeadWithoutAGrant) {
  end(1, AttemptOutcome::NotSent, AttemptEnd::Dead);
  EXPECT_EQ(statusOf(event), MessageStatus::Dead);
}

TEST_F(SendingCase, WhatIsUnknownStaysSoWhenItIsGivenUp) {
  begin(intent(event, 1));
  end(1, AttemptOutcome::Unknown, AttemptEnd::Dead);
  EXPECT_EQ(statusOf(event), MessageStatus::Unknown);
}

TEST_F(SendingCase, AReplayedMessageIsGrantedAgainWhateverEndedIt) {
  for (const auto& [outcome, how] :
       {std::pair(AttemptOutcome::NotSent, AttemptEnd::Failed), std::pair(AttemptOutcome::NotSent, AttemptEnd::Dead),
        std::pair(AttemptOutcome::Unknown, AttemptEnd::Dead)}) {
    const Event again = outbound();
    persist(again);
    begin(intent(again, 1));
    Attempt ended = attempt(again, 1, outcome);
    ended.end = how;
    record(ended);
    Intent replayed = intent(again, 2);
    EXPECT_FALSE(begin(replayed).granted);
    replayed.replayed_after = 1;
    EXPECT_TRUE(begin(replayed).granted);
    EXPECT_EQ(statusOf(again), MessageStatus::Sending);
  }
}

TEST_F(SendingCase, AReplayIsOneDecisionToSend) {
  begin(intent(event, 1));
  end(1, AttemptOutcome::Unknown, AttemptEnd::Dead);
  Intent replayed = intent(event, 2);
  replayed.replayed_after = 1;
  EXPECT_TRUE(begin(replayed).granted);
  replayed.attempt = 3;
  const BeginResult refused = begin(replayed);  // its worker was lost
  EXPECT_FALSE(refused.granted);
  EXPECT_EQ(refused.status, MessageStatus::Unknown);
  replayed.attempt = 4;
  replayed.replayed_after = 3;
  EXPECT_TRUE(begin(replayed).granted);
}

TEST_F(SendingCase, AReplayDoesNotSendWhatWasSent) {
  begin(intent(event, 1));
  end(1, AttemptOutcome::Sent);
  Intent replayed = intent(event, 2);
  replayed.replayed_after = 1;
  EXPECT_FALSE(begin(replayed).granted);
  EXPECT_EQ(statusOf(event), MessageStatus::Sent);
}

TEST_F(SendingCase, AReplayOfWhatWasNeverGrantedIsGranted) {
  end(1, AttemptOutcome::NotSent, AttemptEnd::Dead);
  Intent replayed = intent(event, 2);
  replayed.replayed_after = 1;
  EXPECT_TRUE(begin(replayed).granted);
}

TEST_F(SendingCase, AnUnknownOutcomeIsNotSentAgainUnlessResendingDoesNoHarm) {
  begin(intent(event, 1));
  end(1, AttemptOutcome::Unknown);
  EXPECT_EQ(statusOf(event), MessageStatus::Unknown);
  const BeginResult refused = begin(intent(event, 2));
  EXPECT_FALSE(refused.granted);
  EXPECT_EQ(refused.status, MessageStatus::Unknown);
  const BeginResult granted = begin(intent(event, 2, true));
  EXPECT_TRUE(granted.granted);
  EXPECT_EQ(granted.status, MessageStatus::Sending);
}

TEST_F(SendingCase, AfterNotSentOnlyAHigherAttemptIsGranted) {
  begin(intent(event, 1));
  end(1, AttemptOutcome::NotSent);
  EXPECT_EQ(statusOf(event), MessageStatus::Accepted);
  EXPECT_FALSE(begin(intent(event, 1)).granted);
  EXPECT_FALSE(begin(intent(event, 1, true)).granted);
  EXPECT_TRUE(begin(intent(event, 2)).granted);
}

TEST_F(SendingCase, AStoppedWorkerThatComesBackIsRefused) {
  begin(intent(event, 2));
  end(2, AttemptOutcome::NotSent);
  EXPECT_FALSE(begin(intent(event, 1)).granted);
}

TEST_F(SendingCase, ASentMessageIsNeverGrantedAgain) {
  begin(intent(event, 1));
  end(1, AttemptOutcome::Sent);
  for (const bool resend : {false, true}) {
    const BeginResult refused = begin(intent(event, 2, resend));
    EXPECT_FALSE(refused.granted);
    EXPECT_EQ(refused.status, MessageStatus::Sent);
  }
}

TEST_F(SendingCase, AFinalFailureFailsTheMessageForGood) {
  begin(intent(event, 1));
  end(1, AttemptOutcome::NotSent, AttemptEnd::Failed);
  EXPECT_EQ(statusOf(event), MessageStatus::Failed);
  EXPECT_FALSE(begin(intent(event, 2, true)).granted);
}

TEST_F(SendingCase, AFinalFailureThatNeededNoGrantFailsAnAcceptedMessage) {
  end(1, AttemptOutcome::NotSent, AttemptEnd::Failed);
  EXPECT_EQ(statusOf(event), MessageStatus::Failed);
}

TEST_F(SendingCase, NotSentWithoutAGrantDoesNotReopenWhatMayHaveBeenSent) {
  begin(intent(event, 1));
  end(2, AttemptOutcome::NotSent);
  EXPECT_EQ(statusOf(event), MessageStatus::Sending);
  end(3, AttemptOutcome::NotSent, AttemptEnd::Failed);
  EXPECT_EQ(statusOf(event), MessageStatus::Sending);
}

TEST_F(SendingCase, ALateFailureOfAnEarlierAttemptDoesNotDisturbTheLaterOne) {
  begin(intent(event, 1));
  begin(intent(event, 2, true));
  end(1, AttemptOutcome::NotSent, AttemptEnd::Failed);
  EXPECT_EQ(statusOf(event), MessageStatus::Sending);
  end(1, AttemptOutcome::Unknown);
  EXPECT_EQ(statusOf(event), MessageStatus::Sending);
}

TEST_F(SendingCase, ALateSuccessOfAnEarlierAttemptCounts) {
  begin(intent(event, 1));
  begin(intent(event, 2, true));
  end(1, AttemptOutcome::Sent);
  EXPECT_EQ(statusOf(event), MessageStatus::Sent);
}

TEST_F(SendingCase, RecordingAgainChangesNothing) {
  begin(intent(event, 1));
  end(1, AttemptOutcome::Sent);
  end(1, AttemptOutcome::Sent);
  end(1, AttemptOutcome::NotSent, AttemptEnd::Failed);
  EXPECT_EQ(statusOf(event), MessageStatus::Sent);
  const MessageDetail detail = reader().message(event.id).value();
  ASSERT_EQ(detail.attempts.size(), 1u);
  EXPECT_EQ(detail.attempts.front().attempt.outcome, AttemptOutcome::Sent);
  EXPECT_EQ(reader().sent({}).total, 1u);
}

TEST_F(SendingCase, WhatBecomesKnownOfAnUnknownAttemptIsKept) {
  begin(intent(event, 1));
  end(1, AttemptOutcome::Unknown);
  end(1, AttemptOutcome::Sent);
  EXPECT_EQ(statusOf(event), MessageStatus::Sent);
  const MessageDetail detail = reader().message(event.id).value();
  ASSERT_EQ(detail.attempts.size(), 1u);
  EXPECT_EQ(detail.attempts.front().attempt.outcome, AttemptOutcome::Sent);
}

TEST_F(SendingCase, AnUnknownAttemptThatWasNotSentAfterAllMayBeSentAgain) {
  begin(intent(event, 1));
  end(1, AttemptOutcome::Unknown);
  end(1, AttemptOutcome::NotSent);
  EXPECT_EQ(statusOf(event), MessageStatus::Accepted);
  EXPECT_TRUE(begin(intent(event, 2)).granted);
}

TEST_F(SendingCase, TheHistoryShowsEveryAttemptAndAddsUpTheWaits) {
  begin(intent(event, 1));
  Attempt first = attempt(event, 1, AttemptOutcome::NotSent);
  first.http_status = 503;
  first.error = "busy \"now\"\n";
  first.waits = {{"queue", std::chrono::milliseconds(5)}};
  record(first);
  begin(intent(event, 2));
  Attempt second = attempt(event, 2, AttemptOutcome::Sent);
  second.waits = {{"queue", std::chrono::milliseconds(1)}, {"backoff", std::chrono::seconds(2)}};
  record(second);

  const MessageDetail detail = reader().message(event.id).value();
  ASSERT_EQ(detail.attempts.size(), 2u);
  const Attempt& shown = detail.attempts[0].attempt;
  EXPECT_EQ(shown.message, event.id);
  EXPECT_EQ(shown.number, 1u);
  EXPECT_EQ(shown.token, token(1));
  EXPECT_EQ(shown.outcome, AttemptOutcome::NotSent);
  EXPECT_EQ(shown.http_status, 503);
  EXPECT_EQ(shown.error, first.error);
  EXPECT_EQ(shown.provider, "mock");
  EXPECT_EQ(shown.started_at, first.started_at);
  EXPECT_EQ(shown.latency, first.latency);
  EXPECT_EQ(shown.waits, first.waits);
  EXPECT_EQ(detail.attempts[0].finished_at, first.started_at + first.latency);
  EXPECT_EQ(detail.attempts[1].attempt.provider_message_id, providerId(event));
  EXPECT_THAT(detail.waits, testing::UnorderedElementsAre(testing::Pair("queue", std::chrono::milliseconds(6)),
                                                          testing::Pair("backoff", std::chrono::seconds(2))));
  EXPECT_EQ(detail.message.provider, "mock");
  EXPECT_EQ(detail.message.provider_message_id, providerId(event));
}

TEST_F(SendingCase, AnEndlessErrorIsCutAtACharacter) {
  Attempt ended = attempt(event, 1, AttemptOutcome::NotSent);
  for (int i = 0; i < 100'000; ++i) ended.error += "\u00e9";
  record(ended);
  const std::string kept = reader().message(event.id).value().attempts.front().attempt.error;
  EXPECT_LE(kept.size(), 4096u);
  EXPECT_GE(kept.size(), 512u);
  EXPECT_EQ(kept.size() % 2, 0u);
}

TEST_F(SendingCase, AnAttemptOfNoMessageIsPassedOverAndTheOthersAreKept) {
  begin(intent(event, 1));
  const std::vector<Attempt> span{attempt(outbound(), 1, AttemptOutcome::Sent),
                                  attempt(event, 1, AttemptOutcome::Sent)};
  store().record(span);
  EXPECT_EQ(statusOf(event), MessageStatus::Sent);
}

TEST_F(SendingCase, AGrantIsKnownAfterARestart) {
  begin(intent(event, 1));
  plugin().restart();
  EXPECT_FALSE(begin(intent(event, 1)).granted);
  EXPECT_EQ(statusOf(event), MessageStatus::Sending);
}

}  // namespace
}  // namespace penstock::test
