#include <gmock/gmock.h>

#include "conformance/store/suite.h"

namespace penstock::test {
namespace {

using PersistCase = StoreCase;

TEST_F(PersistCase, AnEventBecomesAMessageInTheFirstConversation) {
  const Event event = outbound();
  const Persisted persisted = persist(event);
  EXPECT_EQ(persisted.verdict, PersistVerdict::Inserted);
  EXPECT_EQ(persisted.message, event.id);
  EXPECT_EQ(persisted.conversation, 1);
  EXPECT_EQ(persisted.status, MessageStatus::Accepted);
  EXPECT_FALSE(persisted.key_reused);
}

TEST_F(PersistCase, AnInboundMessageIsReceived) {
  const Event event = inbound("p1");
  EXPECT_EQ(persist(event).status, MessageStatus::Received);
  EXPECT_EQ(statusOf(event), MessageStatus::Received);
}

TEST_F(PersistCase, ThereAndBackIsOneConversation) {
  const Persisted there = persist(outbound("there", "+15550001", "+16660001"));
  const Persisted back = persist(inbound("p1", "back"));
  EXPECT_EQ(there.conversation, back.conversation);
  EXPECT_EQ(reader().conversations({}, {}).items.front().message_count, 2u);
}

TEST_F(PersistCase, TheSameEventAgainIsExistingAndCountedOnce) {
  const Event event = outbound();
  persist(event);
  const Persisted again = persist(event);
  EXPECT_EQ(again.verdict, PersistVerdict::Existing);
  EXPECT_EQ(again.message, event.id);
  EXPECT_EQ(again.conversation, 1);
  EXPECT_EQ(reader().messages(1, {})->total, 1u);
  EXPECT_EQ(reader().conversations({}, {}).items.front().message_count, 1u);
}

TEST_F(PersistCase, TheSameEventTwiceInOneSpanIsInsertedOnce) {
  const Event event = outbound();
  const std::vector<Event> span{event, event, repeated(event)};
  const auto results = store().persist(span);
  EXPECT_EQ(results[0].verdict, PersistVerdict::Inserted);
  EXPECT_EQ(results[1].verdict, PersistVerdict::Existing);
  EXPECT_EQ(results[2].verdict, PersistVerdict::Existing);
  EXPECT_EQ(results[2].message, event.id);
  EXPECT_EQ(reader().messages(1, {})->total, 1u);
}

TEST_F(PersistCase, ARepeatedRequestStaysFindableByItsOwnId) {
  const Event first = outbound();
  const Event second = repeated(first);
  persist(first);
  EXPECT_EQ(persist(second).message, first.id);
  EXPECT_EQ(reader().message(second.id).value().message.id, first.id);
  EXPECT_EQ(reader().message(first.id).value().message.id, first.id);
}

TEST_F(PersistCase, AKnownKeyWithOtherContentIsItsOwnMessageAndSaidSo) {
  const Event first = outbound("one");
  const Event second = conflicting(first, "two");
  persist(first);
  const Persisted persisted = persist(second);
  EXPECT_EQ(persisted.verdict, PersistVerdict::Inserted);
  EXPECT_EQ(persisted.message, second.id);
  EXPECT_TRUE(persisted.key_reused);
  EXPECT_EQ(reader().message(second.id).value().message.content.body, "two");
  EXPECT_EQ(reader().messages(1, {})->total, 2u);
}

TEST_F(PersistCase, CustomersShareNeitherKeysNorConversations) {
  const Event mine = outbound();
  Event theirs = repeated(mine);
  theirs.customer = "other";
  persist(mine);
  const Persisted persisted = persist(theirs);
  EXPECT_EQ(persisted.verdict, PersistVerdict::Inserted);
  EXPECT_FALSE(persisted.key_reused);
  EXPECT_EQ(persisted.conversation, 2);
}

TEST_F(PersistCase, AnInboundMessageIsOneForItsProviderIdAlsoWithOtherContent) {
  const Event first = inbound("p1", "first");
  Event second = inbound("p1", "second");
  second.key = Digest128::of({"some other key"});
  persist(first);
  const Persisted persisted = persist(second);
  EXPECT_EQ(persisted.verdict, PersistVerdict::Existing);
  EXPECT_EQ(persisted.message, first.id);
  EXPECT_EQ(reader().message(second.id).value().message.content.body, "first");
  EXPECT_EQ(reader().messages(1, {})->total, 1u);
}

TEST_F(PersistCase, TheSameProviderIdOfAnotherProviderOrCustomerIsAnotherMessage) {
  Event other_provider = inbound("p1");
  other_provider.content.provider = "elsewhere";
  other_provider.key = Digest128::of({"elsewhere"});
  Event other_customer = inbound("p1");
  other_customer.customer = "other";
  const std::vector<Event> span{inbound("p1"), other_provider, other_customer};
  for (const Persisted& persisted : store().persist(span)) EXPECT_EQ(persisted.verdict, PersistVerdict::Inserted);
}

TEST_F(PersistCase, SmsAndEmailOfTheSameNamesAreTwoConversations) {
  const Event text = outbound("a", "x@example.org", "y@example.org");
  const Event mail = email("b", "x@example.org", "y@example.org");
  EXPECT_NE(persist(text).conversation, persist(mail).conversation);
}

TEST_F(PersistCase, LastActivityIsTheGreatestTimestampWhateverTheOrder) {
  std::vector<Event> span{outbound("1"), outbound("2"), outbound("3")};
  span[0].content.timestamp = kSampleTime + std::chrono::seconds(1);
  span[1].content.timestamp = kSampleTime + std::chrono::seconds(3);
  span[2].content.timestamp = kSampleTime + std::chrono::seconds(2);
  for (const Event& event : span) persist(event);
  const ConversationView view = reader().conversations({}, {}).items.front();
  EXPECT_EQ(view.last_activity_at, kSampleTime + std::chrono::seconds(3));
  EXPECT_EQ(view.last_message.value().id, span[1].id);
}

TEST_F(PersistCase, AmongEqualTimestampsTheGreaterIdIsTheLastMessage) {
  const std::vector<Event> span{outbound("1"), outbound("2"), outbound("3")};
  store().persist(std::vector<Event>{span[1], span[2]});
  persist(span[0]);
  EXPECT_EQ(reader().conversations({}, {}).items.front().last_message.value().id, span[2].id);
}

TEST_F(PersistCase, OneSpanIsOneTransactionABadItemKeepsNothing) {
  Event bad = outbound("bad");
  const Event good = outbound("good");
  bad.customer.clear();
  const std::vector<Event> span{good, bad};
  EXPECT_THROW(store().persist(span), StoreRejected);
  EXPECT_FALSE(reader().message(good.id));
  EXPECT_EQ(reader().conversations({}, {}).total, 0u);
  EXPECT_EQ(persist(good).verdict, PersistVerdict::Inserted);
}

TEST_F(PersistCase, ARejectedSpanNamesNoContent) {
  Event bad = outbound("secret body", "+15550001", "+16660001");
  bad.customer.clear();
  try {
    persist(bad);
    FAIL() << "persisted";
  } catch (const StoreRejected& rejected) {
    EXPECT_THAT(rejected.what(), testing::Not(testing::HasSubstr("secret body")));
    EXPECT_THAT(rejected.what(), testing::Not(testing::HasSubstr("1555")));
  }
}

TEST_F(PersistCase, AnEmptySpanIsNothing) { EXPECT_TRUE(store().persist({}).empty()); }

TEST_F(PersistCase, WhatWasPersistedIsThereAfterARestart) {
  const Event event = outbound();
  persist(event);
  plugin().restart();
  EXPECT_EQ(persist(event).verdict, PersistVerdict::Existing);
  EXPECT_EQ(reader().messages(1, {})->total, 1u);
}

}  // namespace
}  // namespace penstock::test
