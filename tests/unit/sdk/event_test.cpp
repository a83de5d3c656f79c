#include "penstock/event.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

Event sample() {
  Event event;
  event.id = Uuid::make(WallTime{std::chrono::seconds{1'772'366'400}});
  event.customer = "default";
  event.key = Digest128::of({"key"});
  event.fingerprint = Digest128::of({"content"});
  event.conversation = "sms:+1<->+2";
  event.participant_a = "+1";
  event.participant_b = "+2";
  event.policy = Digest128::of({"policy"});
  event.accepted_at = WallTime{Duration{-5}};
  event.request_id = "request";
  event.content.type = MessageType::Mms;
  event.content.from = "+1";
  event.content.to = "+2";
  event.content.body = "quotes \" \\ \n \xf0\x9f\x98\x80 \xd7\xa9";
  event.content.attachments = {"https://example.com/a", ""};
  event.content.metadata = R"({"a":"\"b\""})";
  return event;
}

TEST(Event, ComesBackEqualFromItsSerialisedForm) {
  const Event event = sample();
  EXPECT_EQ(parseEvent(serialize(event)), event);
  EXPECT_EQ(parseEvent(serialize(Event{})), Event{});
}

TEST(Event, OfAReportThatNamesOurMessageComesBackEqual) {
  Event event = sample();
  event.kind = Kind::DeliveryStatus;
  event.content.message_id = Uuid::make(WallTime{std::chrono::seconds{1'772'366'401}});
  EXPECT_EQ(parseEvent(serialize(event)), event);
  std::string text = serialize(event);
  text.replace(text.find(event.content.message_id->text()), 36, "somewhere");
  EXPECT_THROW(parseEvent(text), UnreadableEvent);
}

TEST(Event, OfANewerSchemaIsRefused) {
  std::string text = serialize(sample());
  text.replace(text.find("\"schema_version\":1"), 18, "\"schema_version\":2");
  EXPECT_THROW(parseEvent(text), UnreadableEvent);
}

TEST(Event, MembersThatAreNotKnownAreIgnored) {
  const Event event = sample();
  std::string text = serialize(event);
  text.insert(1, R"("later":{"x":[1]},)");
  EXPECT_EQ(parseEvent(text), event);
}

TEST(Event, ThatIsCutOrBrokenIsUnreadable) {
  const std::string text = serialize(sample());
  for (std::size_t length = 0; length < text.size(); ++length)
    ASSERT_THROW(parseEvent(std::string_view(text).substr(0, length)), UnreadableEvent) << length;
  for (const char* wrong : {"[]", "1", "{}", R"({"schema_version":"1"})", R"({"schema_version":0})"})
    EXPECT_THROW(parseEvent(wrong), UnreadableEvent) << wrong;
}

}  // namespace
}  // namespace penstock
