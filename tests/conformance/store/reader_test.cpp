#include <gmock/gmock.h>

#include <limits>

#include "conformance/store/suite.h"

namespace penstock::test {
namespace {

using std::chrono::seconds;

constexpr auto kAny = std::nullopt;

ConversationQuery query(std::optional<std::string> customer, std::optional<std::string> participant,
                        std::optional<Channel> channel = {}) {
  ConversationQuery wanted;
  wanted.customer = std::move(customer);
  wanted.participant = std::move(participant);
  wanted.channel = channel;
  return wanted;
}

class ReaderCase : public StoreCase {
protected:
  Persisted at(Event event, int second) {
    event.content.timestamp = kSampleTime + seconds(second);
    return persist(event);
  }
  std::vector<std::int64_t> ids(const ConversationQuery& wanted, Page page = {}) {
    std::vector<std::int64_t> found;
    for (const ConversationView& view : reader().conversations(wanted, page).items) found.push_back(view.id);
    return found;
  }
};

TEST_F(ReaderCase, AMessageComesBackByteForByte) {
  Event event = email(
      "quote \" apostrophe ' back\\slash\r\n\ttab \u202eright to left\u202c \U0001F468\u200D\U0001F469\u200D\U0001F467 "
      "<b>&amp;</b>");
  event.content.subject = "sub \"ject\"; DROP TABLE messages;--";
  event.content.attachments = {"https://example.org/a?b=\"c\"", "https://example.org/\u00fc"};
  event.content.metadata = R"({"campaign":"x","nested":{"a":[1,2,null]}})";
  event.content.timestamp = kSampleTime + std::chrono::microseconds(1234567);
  event.policy = Digest128::of({"a policy"});
  persist(event);
  const MessageDetail detail = reader().message(event.id).value();
  EXPECT_EQ(detail.message.content, event.content);
  EXPECT_EQ(detail.message.id, event.id);
  EXPECT_EQ(detail.message.conversation_id, 1);
  EXPECT_EQ(detail.message.kind, Kind::OutboundMessage);
  EXPECT_EQ(detail.customer, "default");
  EXPECT_EQ(detail.key, event.key);
  EXPECT_EQ(detail.policy, event.policy);
  EXPECT_EQ(detail.accepted_at, event.accepted_at);
  EXPECT_EQ(detail.persisted_at, clock().wall());
  EXPECT_TRUE(detail.attempts.empty());
  EXPECT_TRUE(detail.waits.empty());
}

TEST_F(ReaderCase, AnInboundMessageShowsWhoDeliveredIt) {
  const Event event = inbound("p1", "hi");
  persist(event);
  const MessageView view = reader().message(event.id).value().message;
  EXPECT_EQ(view.kind, Kind::InboundMessage);
  EXPECT_EQ(view.provider, "mock");
  EXPECT_EQ(view.provider_message_id, "p1");
  EXPECT_EQ(view.content, event.content);
}

TEST_F(ReaderCase, ABodyOfAQuarterMegabyteComesBackWhole) {
  std::string body;
  while (body.size() < 256 * 1024) body += "\u00e4\n'\"\\x";
  const Event event = outbound(body);
  persist(event);
  EXPECT_EQ(reader().message(event.id).value().message.content.body, body);
  EXPECT_EQ(reader().messages(1, {})->items.front().content.body, body);
  EXPECT_EQ(reader().conversations({}, {}).items.front().last_message->content.body, body);
}

TEST_F(ReaderCase, BytesThatAreNoTextDoNotDisturb) {
  const Event event = outbound("\xff\xfe broken \xc3");
  persist(event);
  EXPECT_EQ(reader().message(event.id).value().message.content.body, event.content.body);
}

TEST_F(ReaderCase, TheSnippetIsCollapsedAndKeepsGraphemesWhole) {
  const std::string family = "\U0001F468\u200D\U0001F469\u200D\U0001F467";
  std::string body = " \n a\u00a0\t b ";
  std::string expected = "a b ";
  for (int i = 0; i < 100; ++i) body += family;
  for (int i = 0; i < 60; ++i) expected += family;
  const Event event = outbound(body);
  persist(event);
  EXPECT_EQ(reader().message(event.id).value().message.snippet, expected);
}

TEST_F(ReaderCase, UnknownIdsAreNothing) {
  EXPECT_FALSE(reader().message(nextId()));
  EXPECT_FALSE(reader().messages(1, {}));
  EXPECT_FALSE(reader().messages(0, {}));
  EXPECT_FALSE(reader().messages(-1, {}));
  EXPECT_FALSE(reader().messages(std::numeric_limits<std::int64_t>::max(), {}));
  EXPECT_EQ(reader().conversations({}, {}).total, 0u);
  EXPECT_EQ(reader().sent({}).total, 0u);
}

TEST_F(ReaderCase, AConversationShowsItsPartnersKeyAndLastMessage) {
  const Event event = outbound("last");
  persist(event);
  const ConversationView view = reader().conversations({}, {}).items.front();
  EXPECT_EQ(view.id, 1);
  EXPECT_EQ(view.key, event.conversation);
  EXPECT_EQ(view.channel, Channel::Sms);
  EXPECT_EQ(view.participant_a, "+15550001");
  EXPECT_EQ(view.participant_b, "+16660001");
  EXPECT_EQ(view.message_count, 1u);
  EXPECT_EQ(view.last_activity_at, event.content.timestamp);
  EXPECT_EQ(view.last_message.value().content.body, "last");
  EXPECT_EQ(view.last_message->snippet, "last");
}

TEST_F(ReaderCase, ConversationsComeNewestActivityFirstAndTheGreaterIdAmongEquals) {
  at(outbound("a", "+1", "+2"), 10);
  at(outbound("b", "+1", "+3"), 30);
  at(email("c"), 20);
  at(outbound("d", "+1", "+4"), 20);
  EXPECT_THAT(ids({}), testing::ElementsAre(2, 4, 3, 1));
  at(outbound("e", "+1", "+2"), 40);
  EXPECT_THAT(ids({}), testing::ElementsAre(1, 2, 4, 3));
  at(outbound("f", "+1", "+3"), 5);
  EXPECT_THAT(ids({}), testing::ElementsAre(1, 2, 4, 3));
}

TEST_F(ReaderCase, FiltersSelectAndCountAlike) {
  Event other = outbound("o", "+1", "+2");
  other.customer = "other";
  at(outbound("1", "+1", "+2"), 1);
  at(outbound("2", "+3", "+1"), 2);
  at(outbound("3", "+2", "+3"), 3);
  at(email("4", "+1", "x@example.org"), 4);
  at(other, 5);
  at(outbound("6", "+1", "+1"), 6);

  const auto check = [&](const ConversationQuery& wanted, const std::vector<std::int64_t>& expected) {
    EXPECT_EQ(ids(wanted), expected);
    EXPECT_EQ(reader().conversations(wanted, {}).total, expected.size());
  };
  check({}, {6, 5, 4, 3, 2, 1});
  check(query(kAny, "+1"), {6, 5, 4, 2, 1});
  check(query(kAny, "+3"), {3, 2});
  check(query(kAny, "+1", Channel::Sms), {6, 5, 2, 1});
  check(query(kAny, "+1", Channel::Email), {4});
  check(query(kAny, kAny, Channel::Email), {4});
  check(query(kAny, kAny, Channel::Sms), {6, 5, 3, 2, 1});
  check(query("other", kAny), {5});
  check(query("default", kAny, Channel::Sms), {6, 3, 2, 1});
  check(query("other", "+1"), {5});
  check(query("default", "+2", Channel::Sms), {3, 1});
  check(query("nobody", kAny), {});
  check(query(kAny, "+9"), {});
  check(query("", kAny), {});
  check(query(kAny, ""), {});
}

TEST_F(ReaderCase, PagesOfConversationsMeetWithoutGapOrOverlap) {
  for (int i = 0; i < 25; ++i) at(outbound("x", "+1", "+2" + std::to_string(i)), i % 3);
  std::vector<std::int64_t> paged;
  for (std::uint64_t page = 1; page <= 4; ++page)
    for (const std::int64_t id : ids({}, {page, 7})) paged.push_back(id);
  EXPECT_EQ(paged, ids({}, {1, 50}));
  EXPECT_EQ(paged.size(), 25u);
  EXPECT_TRUE(ids({}, {5, 7}).empty());
  EXPECT_EQ(reader().conversations({}, {5, 7}).total, 25u);
}

TEST_F(ReaderCase, MessagesComeOldestFirstAndTheIdBreaksTies) {
  std::vector<Event> events;
  for (int i = 0; i < 6; ++i) events.push_back(outbound(std::to_string(i)));
  at(events[3], 5);
  at(events[1], 5);
  at(events[0], 9);
  at(events[2], 1);
  std::vector<std::string> bodies;
  for (const MessageView& view : allMessages(1)) bodies.push_back(view.content.body);
  EXPECT_THAT(bodies, testing::ElementsAre("2", "1", "3", "0"));
}

TEST_F(ReaderCase, PagesOfMessagesMeetWithoutGapOrOverlap) {
  for (int i = 0; i < 25; ++i) at(outbound(std::to_string(i)), i % 4);
  std::vector<Uuid> paged;
  for (std::uint64_t page = 1; page <= 4; ++page) {
    const auto listing = reader().messages(1, {page, 7}).value();
    EXPECT_EQ(listing.total, 25u);
    for (const MessageView& view : listing.items) paged.push_back(view.id);
  }
  std::vector<Uuid> whole;
  for (const MessageView& view : allMessages(1)) whole.push_back(view.id);
  EXPECT_EQ(paged, whole);
}

TEST_F(ReaderCase, APageFarBeyondTheEndIsEmptyButCounts) {
  persist(outbound());
  const Page far{std::numeric_limits<std::uint64_t>::max(), 50};
  EXPECT_TRUE(reader().messages(1, far)->items.empty());
  EXPECT_EQ(reader().messages(1, far)->total, 1u);
  EXPECT_TRUE(reader().conversations({}, far).items.empty());
  EXPECT_EQ(reader().conversations({}, far).total, 1u);
  EXPECT_TRUE(reader().sent(far).items.empty());
}

TEST_F(ReaderCase, SentMessagesComeNewestFirst) {
  std::vector<Event> events;
  for (int i = 0; i < 5; ++i) {
    events.push_back(outbound(std::to_string(i)));
    persist(events.back());
    begin(intent(events.back(), 1));
  }
  for (const int i : {2, 0, 1}) {
    Attempt end = attempt(events[static_cast<std::size_t>(i)], 1, AttemptOutcome::Sent);
    end.started_at = kSampleTime + seconds(i == 1 ? 2 : i);
    record(end);
  }
  record(attempt(events[3], 1, AttemptOutcome::Unknown));
  const auto listing = reader().sent({});
  ASSERT_EQ(listing.total, 3u);
  ASSERT_EQ(listing.items.size(), 3u);
  EXPECT_EQ(listing.items[0].message_id, events[2].id);
  EXPECT_EQ(listing.items[1].message_id, events[1].id);
  EXPECT_EQ(listing.items[2].message_id, events[0].id);
  EXPECT_EQ(listing.items[2].sent_at, kSampleTime + std::chrono::milliseconds(20));
  EXPECT_EQ(reader().sent({2, 2}).items.size(), 1u);
}

}  // namespace
}  // namespace penstock::test
