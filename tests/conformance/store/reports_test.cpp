#include "conformance/store/suite.h"

namespace penstock::test {
namespace {

using ReportCase = StoreCase;

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

}  // namespace
}  // namespace penstock::test
