#include "conformance/queue/engine_under_test.h"

namespace penstock::test {
namespace {

/// Events come back equal in every member.
class QueueFidelity : public EngineUnderTest {
protected:
  void expectUnchanged(const Event& event) {
    accept(event);
    const Delivery delivery = receiveOne();
    EXPECT_EQ(delivery.event, event);
    end(delivery, Dead{"no route"});
    const auto letter = deadLetters().get(event.id);
    ASSERT_TRUE(letter);
    EXPECT_EQ(letter->event, event);
    EXPECT_EQ(deadLetters().discard({&event.id, 1}), 1U);
  }
};

TEST_F(QueueFidelity, BodiesOfAllKinds) {
  const std::string bodies[] = {
      "",
      " ",
      "\U0001F469\u200D\U0001F469\u200D\U0001F467 \U0001F3F4\U000E0067\U000E0062 \u2764\uFE0F",
      "\u0645\u0631\u062D\u0628\u0627 \u202Eabc\u202C \u05E9\u05DC\u05D5\u05DD",
      "\"quotes\" 'single' \\back\\slash\\ \\u0041 \\n",
      "line\nline\r\nline\rtab\t",
      "\x01\x02\x1b[31mred\x7f",
      "\uFFFF\uFFFE\U0010FFFF",
      "{\"json\": [null, true, 1e999]}",
      "'; DROP TABLE events; --",
      "%s %n %d \\x00 ${HOME} $(id)",
      "\\.",
      "\\N",
  };
  for (const std::string& body : bodies) expectUnchanged(event({}, body));
}

TEST_F(QueueFidelity, ABodyOf256Kibibytes) {
  expectUnchanged(event({}, std::string(256 * 1024, 'x')));
  std::string wide;
  while (wide.size() < 256 * 1024) wide += "\U0001F600";
  expectUnchanged(event({}, wide));
  expectUnchanged(event({}, std::string(256 * 1024, '"')));
}

TEST_F(QueueFidelity, EveryKindChannelAndType) {
  for (const Kind kind : {Kind::OutboundMessage, Kind::InboundMessage, Kind::DeliveryStatus}) {
    for (const Channel channel : {Channel::Sms, Channel::Email}) {
      for (const MessageType type : {MessageType::Sms, MessageType::Mms, MessageType::Email}) {
        Event event = this->event();
        event.kind = kind;
        event.content.channel = channel;
        event.content.type = type;
        expectUnchanged(event);
      }
    }
  }
}

TEST_F(QueueFidelity, EveryMemberFilled) {
  Event event = this->event("email:a@example.org<->\u00FC@example.org\n\"'", "body");
  event.customer = "customer \"1\" \u20AC";
  event.key.bytes.fill(0xFF);
  event.fingerprint.bytes.fill(0x80);
  event.policy.bytes.fill(0x7F);
  event.participant_a = "\"a\"@example.org";
  event.participant_b = "\u00FC@example.org";
  event.request_id = "id\\with\"odd\tcharacters";
  event.accepted_at = WallTime(Duration(1'767'225'600'123'456));
  event.content = {.channel = Channel::Email,
                   .type = MessageType::Email,
                   .from = "\"A, B\" <a@example.org>",
                   .to = "\u00FC@example.org",
                   .subject = "Re: \u4F60\u597D\r\nBcc: nobody@example.org",
                   .body = "<b>hello</b>",
                   .attachments = {"https://example.org/a?b=c&d=%20", "http://[::1]:8080/", ""},
                   .timestamp = WallTime(Duration(1)),
                   .provider = "sendgrid",
                   .provider_message_id = "x\\y\"z",
                   .status = "delivered",
                   .message_id = Uuid{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
                   .metadata = "{\"nested\":{\"list\":[1,\"\\\"\",null]},\"wide\":\"\u20AC\"}"};
  expectUnchanged(event);
}

TEST_F(QueueFidelity, EveryMemberEmpty) {
  Event event;
  event.id = this->event().id;
  expectUnchanged(event);
}

TEST_F(QueueFidelity, TheEarliestAndTheLatestTimes) {
  for (const std::int64_t microseconds : {std::int64_t{0}, std::int64_t{253'402'300'799'999'999}, std::int64_t{-1}}) {
    Event event = this->event();
    event.accepted_at = WallTime(Duration(microseconds));
    event.content.timestamp = WallTime(Duration(microseconds));
    expectUnchanged(event);
  }
}

TEST_F(QueueFidelity, ManyAttachments) {
  Event event = this->event();
  for (int i = 0; i < 100; ++i) event.content.attachments.push_back("https://example.org/" + std::string(200, 'a'));
  expectUnchanged(event);
}

}  // namespace
}  // namespace penstock::test
