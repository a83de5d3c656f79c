#include "answered.h"
#include "fake_reader.h"

#include "http-ingest/read.h"

#include "support/captured_log.h"
#include "support/manual_clock.h"
#include "support/recorded_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace penstock::test {

using namespace std::chrono_literals;
namespace json = boost::json;

MessageView makeMessage() {
  MessageView message;
  message.id.bytes[15] = 5;
  message.conversation_id = 3;
  message.content.from = "+15550001111";
  message.content.to = "+15550002222";
  message.content.body = "a \"quote\"\n\\ \x01 😀";
  message.content.attachments = {"http://example.com/a?b=\"c\""};
  message.content.timestamp = WallTime(1772366400250ms);
  message.snippet = "a \"quote\"";
  return message;
}

class ReadTest : public testing::Test {
protected:
  using Call = void (ReadingCalls::*)(HttpRequest&, Responder);
  using Query = std::vector<std::pair<std::string, std::string>>;

  Answered get(Call call, Query query = {}, std::vector<std::string> path = {}) {
    HttpRequest request;
    request.query = std::move(query);
    request.path_parameters = std::move(path);
    Answered answered;
    (calls.*call)(request, answered.responder());
    answered.status();
    return answered;
  }
  json::value parsed(const Answered& answered) { return json::parse(answered.response().body); }

  ManualClock clock;
  RecordedMetrics metrics;
  CapturedLog log{"http-ingest"};
  IngestMetrics ingest_metrics{metrics};
  ReaderPool pool{2, 16, clock, log.log(), ingest_metrics};
  FakeReader reader;
  ReadingCalls calls{reader, nullptr, pool};
};

TEST_F(ReadTest, ListsConversationsInAnEnvelope) {
  ConversationView conversation;
  conversation.id = 3;
  conversation.key = "sms:+15550001111<->+15550002222";
  conversation.participant_a = "+15550001111";
  conversation.participant_b = "+15550002222";
  conversation.message_count = 7;
  conversation.last_activity_at = WallTime(1772366400250ms);
  reader.conversation_listing = {{conversation}, 41};
  const json::value listing = parsed(get(&ReadingCalls::conversations, {{"page", "3"}, {"pageSize", "20"}}));
  EXPECT_EQ(listing, json::parse(R"({"items":[{"id":3,"key":"sms:+15550001111<->+15550002222","channel":"sms",
    "participant_a":"+15550001111","participant_b":"+15550002222","message_count":7,
    "last_activity_at":"2026-03-01T12:00:00.250Z","last_message":null}],"meta":{"page":3,"page_size":20,"total":41}})"));
  EXPECT_EQ(reader.page.number, 3U);
  EXPECT_EQ(reader.page.size, 20U);
}

TEST_F(ReadTest, ListsMessagesWithTheirTextByteForByte) {
  reader.message_listing = Listing<MessageView>{{makeMessage()}, 1};
  const json::value listing = parsed(get(&ReadingCalls::messages, {}, {"3"}));
  EXPECT_EQ(listing.at("items").at(0), json::parse(R"({"id":"00000000-0000-0000-0000-000000000005","conversation_id":3,
    "direction":"outbound","channel":"sms","type":"sms","from":"+15550001111","to":"+15550002222","subject":null,
    "body":"a \"quote\"\n\\ \u0001 😀","snippet":"a \"quote\"","attachments":["http://example.com/a?b=\"c\""],
    "timestamp":"2026-03-01T12:00:00.250Z","status":"accepted","provider":null,"provider_message_id":null})"));
  EXPECT_EQ(reader.conversation, 3);
}

TEST_F(ReadTest, AnEmailHasASubjectEvenIfEmptyAndAnInboundMessageItsProvider) {
  MessageView email = makeMessage();
  email.kind = Kind::InboundMessage;
  email.content.channel = Channel::Email;
  email.content.type = MessageType::Email;
  email.status = MessageStatus::Received;
  email.provider = "webhook";
  email.provider_message_id = "m-1";
  reader.message_listing = Listing<MessageView>{{email}, 1};
  const json::value item = parsed(get(&ReadingCalls::messages, {}, {"3"})).at("items").at(0);
  EXPECT_EQ(item.at("subject"), "");
  EXPECT_EQ(item.at("direction"), "inbound");
  EXPECT_EQ(item.at("status"), "received");
  EXPECT_EQ(item.at("provider"), "webhook");
  EXPECT_EQ(item.at("provider_message_id"), "m-1");
}

TEST_F(ReadTest, ReadsOneMessageWithItsAttempts) {
  MessageDetail detail;
  detail.message = makeMessage();
  detail.message.content.metadata = R"({"order":4711})";
  detail.customer = "acme";
  detail.key.bytes[0] = 1;
  detail.policy.bytes[0] = 2;
  detail.accepted_at = WallTime(1772366400250ms);
  detail.persisted_at = WallTime(1772366400260ms);
  detail.waits = {{"queue", 1500us}};
  AttemptView attempt;
  attempt.attempt.number = 2;
  attempt.attempt.outcome = AttemptOutcome::NotSent;
  attempt.attempt.http_status = 503;
  attempt.attempt.error = "busy";
  attempt.attempt.latency = 250ms;
  detail.attempts = {attempt};
  reader.detail = detail;
  const json::value message = parsed(get(&ReadingCalls::message, {}, {"0195513C-2A60-7C3E-9F4B-0D5A1C2B3E4F"}));
  EXPECT_EQ(reader.id, Uuid::parse("0195513c-2a60-7c3e-9f4b-0d5a1c2b3e4f"));
  EXPECT_EQ(message.at("metadata").at("order"), 4711);
  EXPECT_EQ(message.at("customer_id"), "acme");
  EXPECT_EQ(message.at("idempotency_key"), "01000000000000000000000000000000");
  EXPECT_EQ(message.at("policy_hash"), "02000000000000000000000000000000");
  EXPECT_EQ(message.at("persisted_at"), "2026-03-01T12:00:00.260Z");
  EXPECT_EQ(message.at("wait_seconds").at("queue"), 0.0015);
  EXPECT_EQ(message.at("attempts").at(0),
            json::parse(R"({"number":2,"outcome":"not_sent","final":false,"provider":null,"provider_message_id":null,
    "http_status":503,"error":"busy","started_at":"1970-01-01T00:00:00.000Z","finished_at":"1970-01-01T00:00:00.000Z",
    "latency_seconds":0.25,"wait_seconds":{}})"));
}

TEST_F(ReadTest, ListsSentMessages) {
  reader.sent_listing = {{{Uuid{}, WallTime(1772366400250ms)}}, 1};
  EXPECT_EQ(parsed(get(&ReadingCalls::sent)),
            json::parse(R"({"items":[{"message_id":"00000000-0000-0000-0000-000000000000",
    "sent_at":"2026-03-01T12:00:00.250Z"}],"meta":{"page":1,"page_size":50,"total":1}})"));
}

TEST_F(ReadTest, UnknownIdsAreNotFound) {
  EXPECT_EQ(get(&ReadingCalls::messages, {}, {"17"}).problem().status, 404U);
  EXPECT_EQ(get(&ReadingCalls::messages, {}, {"99999999999999999999999"}).problem().status, 404U);
  EXPECT_EQ(reader.conversation, 0);
  EXPECT_EQ(get(&ReadingCalls::message, {}, {"0195513c-2a60-7c3e-9f4b-0d5a1c2b3e4f"}).problem().code, "not_found");
}

TEST_F(ReadTest, UnreadableIdsAreRefused) {
  for (const char* id : {"", "abc", "-1", "+1", "1.0", "1e3", " 1", "0x1", "\xd9\xa1"})
    EXPECT_EQ(get(&ReadingCalls::messages, {}, {id}).problem().status, 400U) << id;
  for (const char* id : {"", "17", "0195513c2a607c3e9f4b0d5a1c2b3e4f", "0195513c-2a60-7c3e-9f4b-0d5a1c2b3e4g"})
    EXPECT_EQ(get(&ReadingCalls::message, {}, {id}).problem().status, 400U) << id;
}

TEST_F(ReadTest, PagesAsTheContractSays) {
  struct Case {
    Query query;
    std::uint64_t number;
    std::uint32_t size;
  };
  const std::vector<Case> cases{
      {{}, 1, 50},
      {{{"page", "2"}}, 2, 50},
      {{{"page", "1000000000"}}, 1000000000, 50},
      {{{"pageSize", "0"}}, 1, 50},
      {{{"pageSize", "1"}}, 1, 1},
      {{{"pageSize", "51"}}, 1, 50},
      {{{"pageSize", "99999999999999999999999"}}, 1, 50},
      {{{"page_size", "7"}}, 1, 7},
      {{{"limit", "9"}}, 1, 9},
      {{{"limit", "9"}, {"pageSize", "3"}}, 1, 3},
      {{{"limit", "9"}, {"pageSize", "0"}}, 1, 50},
      {{{"unknown", "x"}}, 1, 50},
  };
  for (const Case& each : cases) {
    get(&ReadingCalls::sent, each.query);
    EXPECT_EQ(reader.page.number, each.number);
    EXPECT_EQ(reader.page.size, each.size);
  }
}

TEST_F(ReadTest, RefusesPagesThatAreNoSuchNumber) {
  for (const char* name : {"page", "pageSize", "page_size", "limit"})
    for (const char* value : {"", "x", "-1", "1.5", "1 ", "+1", "1e2"}) {
      const Answered answer = get(&ReadingCalls::sent, {{name, value}});
      EXPECT_EQ(answer.problem().status, 400U) << name << "=" << value;
      EXPECT_EQ(answer.problem().code, "invalid_parameter");
      EXPECT_EQ(answer.problem().errors.at(0).field, name);
    }
  EXPECT_EQ(get(&ReadingCalls::sent, {{"page", "0"}}).problem().status, 400U);
  EXPECT_EQ(get(&ReadingCalls::sent, {{"page", "99999999999999999999999"}}).problem().status, 400U);
  EXPECT_EQ(get(&ReadingCalls::sent, {{"pageSize", "5"}, {"limit", "x"}}).problem().status, 400U);
}

TEST_F(ReadTest, FiltersByParticipantInAnyForm) {
  get(&ReadingCalls::conversations, {{"participant", "+1 (555) 000-1111"}});
  EXPECT_EQ(reader.query.participant, "+15550001111");
  get(&ReadingCalls::conversations, {{"participant", "Ann <Ann+news@Example.ORG>"}});
  EXPECT_EQ(reader.query.participant, "ann@example.org");
  EXPECT_EQ(reader.query.channel, std::nullopt);
  get(&ReadingCalls::conversations, {{"channel", "email"}});
  EXPECT_EQ(reader.query.channel, Channel::Email);
  EXPECT_EQ(reader.query.participant, std::nullopt);
}

TEST_F(ReadTest, RefusesFiltersThatCannotBeRead) {
  EXPECT_EQ(get(&ReadingCalls::conversations, {{"channel", "fax"}}).problem().status, 400U);
  EXPECT_EQ(get(&ReadingCalls::conversations, {{"participant", ""}}).problem().status, 400U);
  EXPECT_EQ(get(&ReadingCalls::conversations, {{"participant", "§"}}).problem().status, 400U);
  EXPECT_EQ(get(&ReadingCalls::conversations, {{"participant", "a@b.example"}, {"channel", "sms"}}).problem().status,
            400U);
}

TEST_F(ReadTest, AStoreThatIsAwayIs503AndAnythingElse500) {
  reader.on_ask = [] { throw StoreUnavailable("disk"); };
  const Answered away = get(&ReadingCalls::sent);
  EXPECT_EQ(away.problem().status, 503U);
  EXPECT_EQ(away.problem().code, "store_unavailable");
  EXPECT_TRUE(away.problem().retry_after);
  reader.on_ask = [] { throw std::runtime_error("a fault"); };
  const Answered failed = get(&ReadingCalls::sent);
  EXPECT_EQ(failed.problem().status, 500U);
  EXPECT_EQ(failed.problem().detail.find("a fault"), std::string::npos);
  EXPECT_EQ(metrics.value("penstock_ingest_reads_failed_total"), 2);
}

}  // namespace penstock::test
