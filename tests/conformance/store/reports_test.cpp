#include "conformance/store/suite.h"

namespace penstock::test {
namespace {

using ReportCase = StoreCase;

/// Reports that name our own id.
class OwnReportCase : public StoreCase {
protected:
  OwnReportCase() { persist(event); }
  MessageView view() { return reader().message(event.id).value().message; }
  void lose(AttemptEnd how = AttemptEnd::Dead) {
    begin(intent(event, 1));
    Attempt unknown = attempt(event, 1, AttemptOutcome::Unknown);
    unknown.end = how;
    record(unknown);
  }
  const Event event = outbound();
};

TEST_F(ReportCase, AReportMovesTheMessageThatItsProviderIdNames) {
  const Event event = sentMessage();
  const Persisted persisted = persist(report(providerId(event), "delivered"));
  EXPECT_EQ(persisted.verdict, PersistVerdict::Existing);
  EXPECT_EQ(persisted.message, event.id);
  EXPECT_EQ(persisted.conversation, 1);
  EXPECT_EQ(persisted.status, MessageStatus::Delivered);
  EXPECT_EQ(statusOf(event), MessageStatus::Delivered);
}

TEST_F(ReportCase, AReportIsNoMessage) {
  const Event event = sentMessage();
  const Event delivered = report(providerId(event), "delivered");
  persist(delivered);
  EXPECT_EQ(reader().messages(1, {})->total, 1u);
  EXPECT_EQ(reader().conversations({}, {}).total, 1u);
  EXPECT_FALSE(reader().message(delivered.id));
}

TEST_F(ReportCase, LateAndRepeatedReportsMoveNothingBack) {
  const Event event = sentMessage();
  for (const std::string_view status : {"read", "delivered", "sent", "read", "failed", "accepted", "sending"})
    persist(report(providerId(event), status));
  EXPECT_EQ(statusOf(event), MessageStatus::Read);
}

TEST_F(ReportCase, AReportedFailureEndsASentMessage) {
  const Event event = sentMessage();
  persist(report(providerId(event), "failed"));
  persist(report(providerId(event), "delivered"));
  EXPECT_EQ(statusOf(event), MessageStatus::Failed);
}

TEST_F(ReportCase, AReportThatComesBeforeTheSendIsRecordedIsAppliedThen) {
  const Event event = outbound();
  persist(event);
  begin(intent(event, 1));
  const Event early = report(providerId(event), "delivered");
  const Persisted persisted = persist(early);
  EXPECT_EQ(persisted.verdict, PersistVerdict::Inserted);
  EXPECT_EQ(persisted.message, early.id);
  EXPECT_EQ(persisted.conversation, 0);
  EXPECT_EQ(statusOf(event), MessageStatus::Sending);
  record(attempt(event, 1, AttemptOutcome::Sent));
  EXPECT_EQ(statusOf(event), MessageStatus::Delivered);
}

TEST_F(ReportCase, SeveralEarlyReportsEndWhereTheyWouldHaveEnded) {
  const Event event = outbound();
  persist(event);
  begin(intent(event, 1));
  for (const std::string_view status : {"read", "sent", "delivered"}) persist(report(providerId(event), status));
  record(attempt(event, 1, AttemptOutcome::Sent));
  EXPECT_EQ(statusOf(event), MessageStatus::Read);
}

TEST_F(ReportCase, TheSameProviderIdOfAnotherProviderIsAnotherMessage) {
  const Event event = sentMessage();
  Event elsewhere = report(providerId(event), "delivered");
  elsewhere.content.provider = "elsewhere";
  EXPECT_EQ(persist(elsewhere).conversation, 0);
  EXPECT_EQ(statusOf(event), MessageStatus::Sent);
}

TEST_F(ReportCase, AnInboundMessageWithTheReportedIdIsNotMoved) {
  const Event event = inbound("p1");
  persist(event);
  persist(report("p1", "delivered"));
  EXPECT_EQ(statusOf(event), MessageStatus::Received);
}

TEST_F(ReportCase, WordsThatAreNoStatusChangeNothing) {
  const Event event = sentMessage();
  for (const std::string_view status : {"", "gone", "received", "dead", "unknown"})
    EXPECT_EQ(persist(report(providerId(event), status)).status, MessageStatus::Sent);
  EXPECT_EQ(persist(report("", "delivered")).conversation, 0);
  EXPECT_EQ(statusOf(event), MessageStatus::Sent);
}

TEST_F(ReportCase, ReportsAndMessagesShareASpan) {
  const Event event = sentMessage();
  const Event next = outbound("next");
  const std::vector<Event> span{next, report(providerId(event), "delivered"), report("nobody", "read")};
  const auto results = store().persist(span);
  EXPECT_EQ(results[0].message, next.id);
  EXPECT_EQ(results[1].status, MessageStatus::Delivered);
  EXPECT_EQ(results[2].message, span[2].id);
}

TEST_F(OwnReportCase, AnUnknownMessageIsKnownAgain) {
  lose();
  const Persisted persisted = persist(ownReport(event, "theirs", "delivered"));
  EXPECT_EQ(persisted.verdict, PersistVerdict::Existing);
  EXPECT_EQ(persisted.message, event.id);
  EXPECT_EQ(persisted.conversation, 1);
  EXPECT_EQ(persisted.status, MessageStatus::Delivered);
  EXPECT_EQ(view().status, MessageStatus::Delivered);
  EXPECT_EQ(view().provider, "mock");
  EXPECT_EQ(view().provider_message_id, "theirs");
  EXPECT_EQ(reader().sent({}).total, 1u);
  ASSERT_EQ(reader().sent({}).items.size(), 1u);
  persist(report("theirs", "read"));
  EXPECT_EQ(view().status, MessageStatus::Read);
}

TEST_F(OwnReportCase, AFailureIsNothingSent) {
  lose();
  persist(ownReport(event, "theirs", "failed"));
  EXPECT_EQ(view().status, MessageStatus::Failed);
  EXPECT_EQ(view().provider_message_id, "theirs");
  EXPECT_EQ(reader().sent({}).total, 0u);
}

TEST_F(OwnReportCase, WhatIsReportedBeforeItsSendIsRecordedIsSentOnce) {
  begin(intent(event, 1));
  persist(ownReport(event, providerId(event), "delivered"));
  EXPECT_EQ(view().status, MessageStatus::Delivered);
  record(attempt(event, 1, AttemptOutcome::Sent));
  EXPECT_EQ(view().status, MessageStatus::Delivered);
  EXPECT_EQ(view().provider_message_id, providerId(event));
  EXPECT_EQ(reader().sent({}).total, 1u);
}

TEST_F(OwnReportCase, OnlyTheProviderThatWasAskedLastIsHeard) {
  Event early = ownReport(event, "theirs", "delivered");
  EXPECT_EQ(persist(early).conversation, 0) << "nobody was asked yet";
  lose();
  Event elsewhere = ownReport(event, "theirs", "delivered");
  elsewhere.content.provider = "other";
  EXPECT_EQ(persist(elsewhere).conversation, 0);
  EXPECT_EQ(view().status, MessageStatus::Unknown);
  Intent replayed = intent(event, 2);
  replayed.provider = "other";
  replayed.replayed_after = 1;
  begin(replayed);
  EXPECT_EQ(persist(ownReport(event, "late", "failed")).conversation, 0);
  EXPECT_EQ(view().status, MessageStatus::Sending);
}

TEST_F(OwnReportCase, ItComesBeforeTheProvidersId) {
  const Event other = sentMessage();
  lose();
  EXPECT_EQ(persist(ownReport(event, providerId(other), "delivered")).message, event.id);
  EXPECT_EQ(statusOf(other), MessageStatus::Sent);
}

TEST_F(OwnReportCase, AnIdOfNoMessageLeavesTheProvidersId) {
  const Event sent = sentMessage();
  EXPECT_EQ(persist(ownReport(outbound(), providerId(sent), "delivered")).message, sent.id);
  EXPECT_EQ(statusOf(sent), MessageStatus::Delivered);
}

TEST_F(OwnReportCase, AFailureOfAnotherCopyIsNotThatOfTheOneThatWasSent) {
  const Event sent = sentMessage();
  persist(ownReport(sent, "another", "failed"));
  EXPECT_EQ(statusOf(sent), MessageStatus::Sent);
  persist(ownReport(sent, "another", "delivered"));
  const MessageView delivered = reader().message(sent.id).value().message;
  EXPECT_EQ(delivered.status, MessageStatus::Delivered);
  EXPECT_EQ(delivered.provider_message_id, providerId(sent));
  EXPECT_EQ(reader().sent({}).total, 1u);
}

TEST_F(OwnReportCase, AnInboundMessageIsNotMoved) {
  const Event received = inbound("p1");
  persist(received);
  persist(ownReport(received, "theirs", "delivered"));
  EXPECT_EQ(statusOf(received), MessageStatus::Received);
}

TEST_F(OwnReportCase, ItNeedsNoProvidersId) {
  lose();
  persist(ownReport(event, "", "delivered"));
  EXPECT_EQ(view().status, MessageStatus::Delivered);
}

TEST_F(OwnReportCase, LateAndRepeatedOnesMoveNothingBack) {
  lose();
  for (const std::string_view status : {"read", "delivered", "sent", "read", "failed", "accepted", ""})
    persist(ownReport(event, "theirs", status));
  EXPECT_EQ(view().status, MessageStatus::Read);
  EXPECT_EQ(reader().sent({}).total, 1u);
}

TEST_F(OwnReportCase, SeveralShareASpan) {
  lose();
  const Event other = sentMessage();
  const std::vector<Event> span{ownReport(event, "theirs", "sent"), report(providerId(other), "delivered"),
                                ownReport(event, "theirs", "delivered"), report("nobody", "read")};
  const auto results = store().persist(span);
  EXPECT_EQ(results[0].status, MessageStatus::Sent);
  EXPECT_EQ(results[1].message, other.id);
  EXPECT_EQ(results[2].status, MessageStatus::Delivered);
  EXPECT_EQ(results[3].message, span[3].id);
}

}  // namespace
}  // namespace penstock::test
