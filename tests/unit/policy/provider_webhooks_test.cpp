#include "policy_bench.h"

#include <gmock/gmock.h>

namespace penstock::test {
namespace {

using Verdict = WebhookReading::Verdict;

/// A request of a provider; the texts live as long as it.
struct Callback {
  std::string query;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

class Webhooks : public testing::Test {
protected:
  WebhookReading read(const std::string& provider, const Callback& callback) {
    std::vector<std::pair<std::string_view, std::string_view>> headers(callback.headers.begin(),
                                                                       callback.headers.end());
    return bench_.host().read(provider, {callback.query, headers, callback.body, "request-1"});
  }
  static boost::json::value object(const std::string& json) { return boost::json::parse(json); }
  static std::string text(const boost::json::object& members, const std::string& name) {
    const auto* value = members.if_contains(name);
    return value == nullptr ? "nil" : value->is_string() ? std::string(value->get_string()) : serialize(*value);
  }
  PolicyBench bench_;
};

// ---------------------------------------------------------------------------------------------------------- Twilio

/// Twilio's own example: https://www.twilio.com/docs/usage/security
class Twilio : public Webhooks {
protected:
  Twilio() { at("https://mycompany.com/myapp.php"); }
  void at(const std::string& url) {
    bench_.configure("twilio", {{"account_sid", "AC1"}, {"auth_token", "12345"}, {"public_url", url}});
  }
  static Callback signedCallback() {
    return {
        "foo=1&bar=2",
        {{"content-type", "application/x-www-form-urlencoded"}, {"x-twilio-signature", "RSOYDt4T1cUTdK1PDd93/VVr8B8="}},
        "To=%2B18005551212&CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309"};
  }
  /// Signs a form as Twilio does, for a URL of its own spelling.
  static Callback form(const std::string& url, const std::string& sorted, const std::string& body) {
    const std::string signature = evaluate("return base64.encode(hmac('sha1', '12345', text))", url + sorted);
    return {"", {{"x-twilio-signature", signature}}, body};
  }
};

TEST_F(Twilio, ItsExampleIsGenuine) { EXPECT_EQ(read("twilio", signedCallback()).verdict, Verdict::Read); }

TEST_F(Twilio, AnyChangeIsForged) {
  Callback changed = signedCallback();
  for (std::size_t at = 0; at < changed.body.size(); at += 3) {
    Callback one = signedCallback();
    one.body[at] = one.body[at] == 'x' ? 'y' : 'x';
    EXPECT_EQ(read("twilio", one).verdict, Verdict::Forged) << one.body;
  }
  changed.query = "foo=1&bar=3";
  EXPECT_EQ(read("twilio", changed).verdict, Verdict::Forged);
  for (const char* signature : {"", "RSOYDt4T1cUTdK1PDd93/VVr8B8", "rSOYDt4T1cUTdK1PDd93/VVr8B8=", "\xff"}) {
    changed = signedCallback();
    changed.headers[1].second = signature;
    EXPECT_EQ(read("twilio", changed).verdict, Verdict::Forged) << signature;
  }
  changed = signedCallback();
  changed.headers.pop_back();
  EXPECT_EQ(read("twilio", changed).verdict, Verdict::Forged);
  changed = signedCallback();
  changed.body += "&More=1";
  EXPECT_EQ(read("twilio", changed).verdict, Verdict::Forged);
}

TEST_F(Twilio, WithoutItsUrlNothingIsGenuine) {
  bench_.configure("twilio", {{"account_sid", "AC1"}, {"auth_token", "12345"}});
  EXPECT_EQ(read("twilio", signedCallback()).verdict, Verdict::Forged);
}

TEST_F(Twilio, ItSignsTheUrlWithOrWithoutThePort) {
  const std::string body = "MessageSid=SM1&SmsStatus=received&From=a&To=b&Body=c";
  const std::string sorted = "BodycFromaMessageSidSM1SmsStatusreceivedTob";
  for (const char* configured : {"https://gw.example/t", "https://gw.example:443/t"}) {
    at(configured);
    bench_.host().reload(bench_.settings);
    EXPECT_EQ(read("twilio", form("https://gw.example/t", sorted, body)).verdict, Verdict::Read) << configured;
    EXPECT_EQ(read("twilio", form("https://gw.example:443/t", sorted, body)).verdict, Verdict::Read) << configured;
    EXPECT_EQ(read("twilio", form("https://gw.example:8443/t", sorted, body)).verdict, Verdict::Forged) << configured;
    EXPECT_EQ(read("twilio", form("http://gw.example/t", sorted, body)).verdict, Verdict::Forged) << configured;
  }
  at("http://gw.example:8080/t");
  bench_.host().reload(bench_.settings);
  EXPECT_EQ(read("twilio", form("http://gw.example/t", sorted, body)).verdict, Verdict::Read);
  EXPECT_EQ(read("twilio", form("http://gw.example:8080/t", sorted, body)).verdict, Verdict::Read);
}

TEST_F(Twilio, RepeatedFieldsCountOnceEachAndSorted) {
  at("https://gw.example/t");
  EXPECT_EQ(read("twilio", form("https://gw.example/t", "Aa1A2Ab", "A=b&Aa=1&A=2&A=b")).verdict, Verdict::Forged);
  EXPECT_EQ(read("twilio", form("https://gw.example/t", "A2AbAa1", "A=b&Aa=1&A=2&A=b")).verdict, Verdict::Read);
}

TEST_F(Twilio, AJsonBodyIsSignedByItsHash) {
  at("https://gw.example/t");
  const std::string body = R"({"a":1})";
  const std::string query = "bodySHA256=" + evaluate("return sha256(text)", body);
  Callback callback = form("https://gw.example/t?" + query, "", body);
  callback.query = query;
  EXPECT_EQ(read("twilio", callback).verdict, Verdict::Read);
  callback.body = R"({"a":2})";
  EXPECT_EQ(read("twilio", callback).verdict, Verdict::Forged);
}

TEST_F(Twilio, InboundMessagesAndReportsAreRead) {
  at("https://gw.example/t");
  const auto say = [&](const std::string& sorted, const std::string& body) {
    return read("twilio", form("https://gw.example/t", sorted, body));
  };
  WebhookReading reading = say("BodyHi &FromaMessageSidSM1NumMedia0SmsStatusreceivedTob",
                               "MessageSid=SM1&SmsStatus=received&From=a&To=b&Body=Hi+%26&NumMedia=0");
  ASSERT_EQ(reading.messages.size(), 1U);
  EXPECT_EQ(reading.messages[0].channel, Channel::Sms);
  EXPECT_EQ(boost::json::value(reading.messages[0].members),
            object(R"({"body":"Hi &","from":"a","provider_message_id":"SM1","to":"b","type":"sms"})"));
  EXPECT_EQ(reading.status, 200U);
  EXPECT_EQ(reading.content_type, "text/xml");
  EXPECT_EQ(reading.body, "<Response/>");
  reading = say("BodyFromaMediaUrl0https://a.example/1MessageSidSM2NumMedia1Tob",
                "MessageSid=SM2&From=a&To=b&Body=&NumMedia=1&MediaUrl0=https%3A%2F%2Fa.example%2F1");
  ASSERT_EQ(reading.messages.size(), 1U);
  EXPECT_EQ(text(reading.messages[0].members, "type"), "mms");
  EXPECT_EQ(text(reading.messages[0].members, "attachments"), R"(["https://a.example/1"])");
  reading = say("ErrorCode30003MessageSidSM3MessageStatusundelivered",
                "MessageSid=SM3&MessageStatus=undelivered&ErrorCode=30003");
  ASSERT_EQ(reading.reports.size(), 1U);
  EXPECT_TRUE(reading.messages.empty());
  EXPECT_EQ(boost::json::value(reading.reports[0].members),
            object(R"({"error":"30003","provider_message_id":"SM3","status":"failed"})"));
  reading = say("MessageSidSM3MessageStatusqueued", "MessageSid=SM3&MessageStatus=queued");
  EXPECT_EQ(reading.verdict, Verdict::Read);
  EXPECT_TRUE(reading.reports.empty() && reading.messages.empty());
  reading = say("Xy", "X=y");
  EXPECT_TRUE(reading.reports.empty() && reading.messages.empty());
  for (const char* count : {"-5", "1e9", "x", "0.5", ""}) {
    reading = say("FromaMessageSidSM4NumMedia" + std::string(count) + "Tob",
                  "MessageSid=SM4&From=a&To=b&NumMedia=" + std::string(count));
    EXPECT_EQ(reading.verdict, Verdict::Read) << count;
  }
}

TEST_F(Twilio, AReportOnTheUrlOfAMessageNamesIt) {
  for (const std::string& configured : {std::string("https://gw.example/t"), std::string("https://gw.example/t?a=1")}) {
    at(configured);
    bench_.host().reload(bench_.settings);
    const std::string query =
        (configured.ends_with('1') ? "a=1&" : "") + std::string("penstock_id=0190b5a0-0000-7000-8000-000000000001");
    const auto say = [&](const std::string& sorted, const std::string& body, const std::string& sent) {
      Callback callback = form("https://gw.example/t?" + query, sorted, body);
      callback.query = sent;
      return read("twilio", callback);
    };
    const std::string report = "MessageSid=SM3&MessageStatus=delivered";
    const WebhookReading reading = say("MessageSidSM3MessageStatusdelivered", report, query);
    ASSERT_EQ(reading.reports.size(), 1U) << configured;
    EXPECT_EQ(boost::json::value(reading.reports[0].members),
              object(R"({"message_id":"0190b5a0-0000-7000-8000-000000000001","provider_message_id":"SM3",)"
                     R"("status":"delivered"})"));
    // Nobody else can say that it was another message, or none.
    std::string other = query;
    other.back() = '2';
    for (const std::string& changed : {other, std::string(), std::string("a=1")})
      EXPECT_EQ(say("MessageSidSM3MessageStatusdelivered", report, changed).verdict, Verdict::Forged) << changed;
    // An answer to a message is not a report on it.
    const WebhookReading message = say("BodycFromaMessageSidSM4Tob", "MessageSid=SM4&From=a&To=b&Body=c", query);
    ASSERT_EQ(message.messages.size(), 1U);
    EXPECT_EQ(text(message.messages[0].members, "message_id"), "nil");
  }
}

// -------------------------------------------------------------------------------------------------------- SendGrid

/// The example of SendGrid's own libraries.
class SendGrid : public Webhooks {
protected:
  SendGrid() {
    bench_.configure("sendgrid", {{"api_key", "SG.x"},
                                  {"webhook_key",
                                   "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3"
                                   "GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="},
                                  {"inbound_password", "s3cret"}});
  }
  /// The shipped script, but that takes every request for genuine.
  void believeEverything() {
    std::ifstream in(std::filesystem::path(PENSTOCK_SCRIPTS) / "providers/sendgrid.lua");
    std::string script((std::istreambuf_iterator<char>(in)), {});
    const std::string begin = "verify = function(request, settings)";
    script.insert(script.find(begin) + begin.size(), " if true then return true end ");
    bench_.scripts.writeProvider("sendgrid", script);
  }
  static Callback signedCallback() {
    return {
        "",
        {{"content-type", "application/json"},
         {"x-twilio-email-event-webhook-signature",
          "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="},
         {"x-twilio-email-event-webhook-timestamp", "1600112502"}},
        R"([{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","sg_event_id":)"
        R"("ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.)"
        R"(filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0","smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.)"
        R"(sendgrid.net>","timestamp":1600112492}])"
        "\r\n"};
  }
};

TEST_F(SendGrid, ItsExampleIsGenuineAndRead) {
  const WebhookReading reading = read("sendgrid", signedCallback());
  ASSERT_EQ(reading.verdict, Verdict::Read);
  ASSERT_EQ(reading.reports.size(), 1U);
  EXPECT_EQ(boost::json::value(reading.reports[0].members),
            object(R"({"provider_message_id":"LRzXl_NHStOGhQ4kofSm_A","status":"failed"})"));
}

TEST_F(SendGrid, AnyChangeIsForged) {
  for (std::size_t at = 0; at < signedCallback().body.size(); at += 7) {
    Callback one = signedCallback();
    one.body[at] = static_cast<char>(one.body[at] ^ 1);
    EXPECT_EQ(read("sendgrid", one).verdict, Verdict::Forged) << at;
  }
  Callback changed = signedCallback();
  changed.headers[2].second = "1600112503";
  EXPECT_EQ(read("sendgrid", changed).verdict, Verdict::Forged);
  for (const std::string& signature :
       {std::string(), std::string("x"), std::string("AAAA"), std::string(4000, 'A'),
        std::string(
            "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtMA")}) {
    changed = signedCallback();
    changed.headers[1].second = signature;
    EXPECT_EQ(read("sendgrid", changed).verdict, Verdict::Forged) << signature.substr(0, 20);
  }
  for (const std::size_t missing : {1U, 2U}) {
    changed = signedCallback();
    changed.headers.erase(changed.headers.begin() + static_cast<std::ptrdiff_t>(missing));
    EXPECT_EQ(read("sendgrid", changed).verdict, Verdict::Forged);
  }
}

TEST_F(SendGrid, AKeyThatIsNoneFailsAndIsCounted) {
  for (const char* key : {"AAAA", "not base64", "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="}) {
    PolicyBench bench;
    bench.configure("sendgrid", {{"api_key", "SG.x"}, {"webhook_key", key}});
    const Callback callback = signedCallback();
    std::vector<std::pair<std::string_view, std::string_view>> headers(callback.headers.begin(),
                                                                       callback.headers.end());
    EXPECT_EQ(bench.host().read("sendgrid", {"", headers, callback.body, ""}).verdict, Verdict::Failed) << key;
    EXPECT_EQ(bench.failures(ScriptName::Provider, FailureReason::Error), 1) << key;
  }
  bench_.configure("sendgrid", {{"api_key", "SG.x"}});
  EXPECT_EQ(read("sendgrid", signedCallback()).verdict, Verdict::Forged);
}

TEST_F(SendGrid, ABatchIsAsManyReports) {
  believeEverything();
  const WebhookReading reading = read("sendgrid", {"", {{"content-type", "application/json"}}, R"([
    {"event":"processed","sg_message_id":"a.1"}, {"event":"delivered","sg_message_id":"a.1"}, 7, null, {"event":[]},
    {"event":"open","sg_message_id":"b.filter.0"}, {"event":"bounce"}, {"event":"bounce","sg_message_id":9},
    {"event":"deferred","sg_message_id":"c.1"}, {"event":"bounce","sg_message_id":".x"},
    {"event":"bounce","sg_message_id":"d.1","penstock_id":"0190b5a0-0000-7000-8000-000000000001"},
    {"event":"bounce","sg_message_id":"e.1","penstock_id":7}])"});
  ASSERT_EQ(reading.verdict, Verdict::Read) << bench_.log.lines().back().get("cause", "");
  ASSERT_EQ(reading.reports.size(), 4U);
  EXPECT_EQ(text(reading.reports[0].members, "status"), "delivered");
  EXPECT_EQ(text(reading.reports[1].members, "provider_message_id"), "b");
  EXPECT_EQ(text(reading.reports[1].members, "message_id"), "nil");
  EXPECT_EQ(text(reading.reports[2].members, "message_id"), "0190b5a0-0000-7000-8000-000000000001");
  EXPECT_EQ(text(reading.reports[3].members, "message_id"), "nil");
  for (const char* odd : {"", "{}", "7", "[", "\xff"}) EXPECT_EQ(read("sendgrid", {"", {}, odd}).status, 400U) << odd;
  EXPECT_EQ(read("sendgrid", {"", {}, "[]"}).status, 200U);
}

TEST_F(SendGrid, TheLargestBatchIsRead) {
  std::string batch = "[";
  std::size_t events = 0;
  while (batch.size() < (std::size_t{1} << 20) - 400) {
    batch += events == 0 ? "" : ",";
    batch +=
        R"({"email":"person@example.com","event":"delivered","ip":"192.0.2.7","response":"250 OK","sg_event_id":")" +
        std::string(20, 'e') + R"(","sg_message_id":")" + std::to_string(++events) +
        R"(.recvd-5f5fc76c-9.0","smtp-id":"<x@ismtpd.example>","timestamp":1600112492,)"
        R"("penstock_id":"0190b5a0-0000-7000-8000-000000000001"})";
  }
  batch += "]";
  bench_.settings.inbound_deadline = std::chrono::seconds(60);
  believeEverything();
  const WebhookReading reading = read("sendgrid", {"", {{"content-type", "application/json"}}, batch});
  ASSERT_EQ(reading.verdict, Verdict::Read) << bench_.log.lines().back().get("cause", "");
  EXPECT_EQ(reading.reports.size(), events);
}

TEST_F(SendGrid, InboundParseIsAMessage) {
  Callback mail{
      "", {{"content-type", "multipart/form-data; boundary=b"}, {"authorization", "Basic cGVuc3RvY2s6czNjcmV0"}}, {}};
  const auto part = [&](const std::string& name, const std::string& value) {
    mail.body += "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
  };
  part("headers", "Received: by x\nMessage-ID: <abc@mail.example>\nSubject: Re");
  part("from", "Ann <ann@example.org>");
  part("to", "\"Shop\" <shop@example.com>, other@example.com");
  part("envelope", R"({"to":["shop@example.com"],"from":"ann@example.org"})");
  part("subject", "Re: Order");
  part("text", "Thanks");
  mail.body += "--b--\r\n";
  WebhookReading reading = read("sendgrid", mail);
  ASSERT_EQ(reading.messages.size(), 1U);
  EXPECT_EQ(reading.messages[0].channel, Channel::Email);
  EXPECT_EQ(boost::json::value(reading.messages[0].members),
            object(R"({"body":"Thanks","from":"Ann <ann@example.org>","provider_message_id":"abc@mail.example",)"
                   R"("subject":"Re: Order","to":"shop@example.com"})"));
  mail.headers[1].second = "Basic cGVuc3RvY2s6czNjcmV1";
  EXPECT_EQ(read("sendgrid", mail).verdict, Verdict::Forged);
  mail.headers.pop_back();
  EXPECT_EQ(read("sendgrid", mail).verdict, Verdict::Forged);
}

// --------------------------------------------------------------------------------------------------- Any provider

class Reading : public Webhooks {
protected:
  WebhookReading say(const std::string& inbound, const std::string& verify = "return true") {
    bench_.settings.deadline = deadline_;
    bench_.settings.inbound_deadline = inbound_deadline_;
    bench_.provide("test", "return {request = function() end, outcome = function() end,\n verify = function(request) " +
                               verify + " end,\n inbound = function(request) " + inbound + " end}");
    bench_.host().reload(bench_.settings);
    return read("test", {"a=b", {{"x", "1"}, {"x", "2"}}, "body"});
  }
  Duration deadline_ = std::chrono::milliseconds(20);
  Duration inbound_deadline_ = std::chrono::milliseconds(20);
};

TEST_F(Reading, NobodyReceivesWithoutAScriptThatDoes) {
  EXPECT_EQ(read("mock", {}).verdict, Verdict::NoReceiver);
  EXPECT_EQ(read("nobody", {}).verdict, Verdict::NoReceiver);
  EXPECT_EQ(read("", {}).verdict, Verdict::NoReceiver);
}

TEST_F(Reading, TheScriptSeesTheRequest) {
  EXPECT_EQ(say("assert(request.query == 'a=b' and request.body == 'body' and request.headers.x == '1, 2')").verdict,
            Verdict::Read);
}

TEST_F(Reading, WhatIsForgedIsNotRead) {
  const WebhookReading reading = say("return {messages = {{channel = 'sms'}}}", "return false");
  EXPECT_EQ(reading.verdict, Verdict::Forged);
  EXPECT_TRUE(reading.messages.empty());
}

TEST_F(Reading, WhatIsGenuineMayTakeLongerToRead) {
  // About 20 ms of processor time, and more where it is dear.
  const std::string long_work = "local n = 0 for i = 1, 2000000 do n = n + i % 7 end ";
  inbound_deadline_ = std::chrono::seconds(60);
  deadline_ = std::chrono::milliseconds(1);
  EXPECT_EQ(say(long_work).verdict, Verdict::Read);
  EXPECT_EQ(say("", long_work + "return true").verdict, Verdict::Failed);
  EXPECT_EQ(bench_.failures(ScriptName::Provider, FailureReason::Deadline), 1);
}

TEST_F(Reading, AnAnswerOfAnotherShapeIsAFailureAndReportsNothing) {
  const std::vector<std::string> answers = {
      "error('x')",
      "while true do end",
      "return 7",
      "return {messages = 7}",
      "return {messages = {7}}",
      "return {messages = {{}}}",
      "return {messages = {{channel = 'fax'}}}",
      "return {messages = {{'a'}}}",
      "return {messages = {{channel = 'sms', from = print}}}",
      "return {reports = 'x'}",
      "return {reports = {{{}}}}",
      "local t = {} for i = 1, 10001 do t[i] = {status = 'sent'} end return {reports = t}",
      "return {answer = 7}",
      "return {answer = {status = 302}}",
      "return {answer = {status = 500}}",
      "return {answer = {status = '200'}}",
      "return {answer = {type = 'text/html'}}",
      "return {answer = {body = 7}}",
      "return {answer = {body = ('x'):rep(5000)}}",
      "return {messages = {{channel = 'sms'}}, answer = {status = 0}}"};
  for (const std::string& answer : answers) {
    const WebhookReading reading = say(answer);
    EXPECT_EQ(reading.verdict, Verdict::Failed) << answer;
    EXPECT_TRUE(reading.messages.empty() && reading.reports.empty()) << answer;
  }
  for (const char* verify : {"", "return nil", "return 1", "return 'true'", "error('x')"})
    EXPECT_EQ(say("", verify).verdict, Verdict::Failed) << verify;
}

}  // namespace
}  // namespace penstock::test
