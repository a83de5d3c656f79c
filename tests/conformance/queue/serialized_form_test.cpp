#include "penstock/event.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace penstock {
namespace {

std::string golden(const std::string& name) {
  std::ifstream file(PENSTOCK_GOLDEN "/" + name);
  EXPECT_TRUE(file) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// What golden/event_schema_1.json says.
Event goldenEvent() {
  Event event;
  event.kind = Kind::InboundMessage;
  event.id = *Uuid::parse("0195a5f0-7c1e-7abc-8def-0123456789ab");
  event.customer = "default";
  event.key = *Digest128::parse("00112233445566778899aabbccddeeff");
  event.fingerprint = *Digest128::parse("ffeeddccbbaa99887766554433221100");
  event.conversation = "email:a@example.org<->b@example.org";
  event.participant_a = "a@example.org";
  event.participant_b = "b@example.org";
  event.policy = *Digest128::parse("0123456789abcdef0123456789abcdef");
  event.accepted_at = WallTime(Duration(1'772'366'400'250'001));
  event.request_id = "4bf92f3577b34da6";
  event.content = {.channel = Channel::Email,
                   .type = MessageType::Email,
                   .from = "A <a@example.org>",
                   .to = "b@example.org",
                   .subject = "Re: \"hello\"",
                   .body = "line one\nline two \u20AC \U0001F600 \\",
                   .attachments = {"https://example.org/picture.png"},
                   .timestamp = WallTime(Duration(1'772'366'399'000'000)),
                   .provider = "sendgrid",
                   .provider_message_id = "<1@example.org>",
                   .status = "",
                   .message_id = std::nullopt,
                   .metadata = "{\"campaign\":\"spring\"}"};
  return event;
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(SerializedForm, WhatSchemaVersion1StoredStaysReadable) {
  EXPECT_EQ(parseEvent(golden("event_schema_1.json")), goldenEvent());
}

TEST(SerializedForm, WhatIsWrittenNowReadsTheSame) { EXPECT_EQ(parseEvent(serialize(goldenEvent())), goldenEvent()); }

TEST(SerializedForm, UnknownMembersAreIgnored) {
  const std::string text = with(golden("event_schema_1.json"), "{", "{\"later\":{\"deep\":[1,{}]},\"more\":null,");
  EXPECT_EQ(parseEvent(text), goldenEvent());
}

TEST(SerializedForm, ANewerSchemaVersionIsRefused) {
  const std::string text = with(golden("event_schema_1.json"), "\"schema_version\": 1",
                                "\"schema_version\": " + std::to_string(Event::kSchemaVersion + 1));
  EXPECT_THROW(parseEvent(text), UnreadableEvent);
}

TEST(SerializedForm, WhatIsNoEventIsRefused) {
  const std::string text = golden("event_schema_1.json");
  EXPECT_THROW(parseEvent(""), UnreadableEvent);
  EXPECT_THROW(parseEvent("null"), UnreadableEvent);
  EXPECT_THROW(parseEvent("[]"), UnreadableEvent);
  EXPECT_THROW(parseEvent("{}"), UnreadableEvent);
  EXPECT_THROW(parseEvent(text.substr(0, text.size() / 2)), UnreadableEvent);
  EXPECT_THROW(parseEvent(with(text, "inbound_message", "carrier_pigeon")), UnreadableEvent);
  EXPECT_THROW(parseEvent(with(text, "\"body\"", "\"nobody\"")), UnreadableEvent);
  EXPECT_THROW(parseEvent(with(text, "00112233445566778899aabbccddeeff", "zz112233")), UnreadableEvent);
}

}  // namespace
}  // namespace penstock
