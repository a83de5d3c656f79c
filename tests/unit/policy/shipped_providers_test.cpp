#include "policy_bench.h"

#include <gmock/gmock.h>

#include <map>

namespace penstock::test {
namespace {

using std::chrono::seconds;

class Shipped : public testing::Test {
protected:
  Event sms(const std::string& body = "hello") {
    return bench_.event(Request::sms(R"({"from":"+15551234567","to":"+15557654321","body":")" + body + "\"}"));
  }
  Event email() {
    return bench_.event(Request::email(
        R"({"from":"Shop <shop@example.org>","to":"ann@example.com","subject":"Order","body":"<p>Hi</p>"})"));
  }
  OutboundRequest request(const std::string& provider, const Event& event) {
    const SendStep step = bench_.host().request(provider, event, 1);
    if (const auto* verdict = std::get_if<SendVerdict>(&step))
      throw std::logic_error("no request: " + verdict->reason + " " + bench_.log.lines().back().get("cause", ""));
    return std::get<OutboundRequest>(step);
  }
  SendVerdict verdict(const std::string& provider, const Event& event, std::uint32_t attempt = 1) {
    return std::get<SendVerdict>(bench_.host().request(provider, event, attempt));
  }
  SendVerdict conclude(const std::string& provider, unsigned status, const std::string& body,
                       std::vector<std::pair<std::string, std::string>> headers = {}) {
    OutboundResponse response;
    response.status = status;
    response.body = body;
    response.headers = std::move(headers);
    return bench_.host().conclude(provider, sms(), response, false);
  }
  static std::string header(const OutboundRequest& request, std::string_view name) {
    for (const auto& [key, value] : request.headers)
      if (key == name) return value;
    return {};
  }

  PolicyBench bench_;
};

/// How often each outcome came in 400 messages, and the outcomes one after the other.
std::map<std::string, int> count(const std::string& outcomes) {
  std::map<std::string, int> counts;
  for (const char outcome : outcomes) ++counts[std::string(1, outcome)];
  return counts;
}

TEST_F(Shipped, TheMockSendsEverythingUntilItIsToldOtherwise) {
  for (int i = 0; i < 20; ++i) {
    const SendVerdict said = verdict("mock", sms(std::to_string(i)));
    EXPECT_EQ(said.outcome, AttemptOutcome::Sent);
    EXPECT_THAT(said.provider_message_id, testing::StartsWith("mock-"));
  }
  EXPECT_EQ(conclude("mock", 200, "").outcome, AttemptOutcome::Unknown);
  EXPECT_TRUE(bench_.host().list().front().takes_key);
}

TEST_F(Shipped, TheMocksOutcomesAreOneForASeedAndAsManyAsItIsTold) {
  std::vector<Event> events;
  for (int i = 0; i < 400; ++i) events.push_back(sms(std::to_string(i)));
  const auto outcomes = [&](std::uint32_t attempt) {
    std::string all;
    for (const Event& event : events) {
      const SendVerdict said = verdict("mock", event, attempt);
      if (said.outcome == AttemptOutcome::Unknown) {
        all += 't';
      } else if (said.outcome == AttemptOutcome::Sent) {
        all += 's';
      } else {
        EXPECT_TRUE(said.retryable);
        EXPECT_TRUE(said.http_status == 500 || said.http_status == 429);
        EXPECT_EQ(said.retry_after.has_value(), said.http_status == 429);
        all += said.http_status == 500 ? 'e' : 'r';
      }
    }
    return all;
  };
  bench_.host().adjust("mock", {{"timeout_pct", 10}, {"error_pct", 30}, {"ratelimit_pct", 20}, {"seed", 7}});
  const std::string first = outcomes(1);
  EXPECT_EQ(outcomes(1), first);
  EXPECT_NE(outcomes(2), first);
  auto counts = count(first);
  EXPECT_NEAR(counts["t"], 40, 25);
  EXPECT_NEAR(counts["e"], 120, 40);
  EXPECT_NEAR(counts["r"], 80, 35);
  bench_.host().adjust("mock", {{"timeout_pct", 10}, {"error_pct", 30}, {"ratelimit_pct", 20}, {"seed", 8}});
  EXPECT_NE(outcomes(1), first);
  bench_.host().adjust("mock", {{"timeout_pct", 10}, {"error_pct", 30}, {"ratelimit_pct", 20}, {"seed", 7}});
  EXPECT_EQ(outcomes(1), first);
  bench_.host().adjust("mock", {{"error_pct", 100}});
  EXPECT_EQ(count(outcomes(1)), (std::map<std::string, int>{{"e", 400}}));
  bench_.host().adjust("mock", {{"timeout_pct", 100}, {"error_pct", 100}});
  EXPECT_EQ(count(outcomes(1)), (std::map<std::string, int>{{"t", 400}}));
}

TEST_F(Shipped, TheWebhookPostsRecipientAndContent) {
  bench_.configure("webhook", {{"url", "https://hook.example/in"}, {"auth_key", "s3cret"}});
  const OutboundRequest sent = request("webhook", sms("say \\\"hi\\\"\\n"));
  EXPECT_EQ(sent.method, "POST");
  EXPECT_EQ(sent.url, "https://hook.example/in");
  EXPECT_EQ(sent.body, R"({"content":"say \"hi\"\n","to":"+15557654321"})");
  EXPECT_EQ(header(sent, "x-ins-auth-key"), "s3cret");
  EXPECT_EQ(header(sent, "Content-Type"), "application/json");
  EXPECT_EQ(sent.headers.size(), 2U);
  EXPECT_FALSE(bench_.host().list().back().takes_key);
}

TEST_F(Shipped, TheWebhookCanBeToldMore) {
  bench_.configure("webhook", {{"url", "https://hook.example/in"},
                               {"auth_key", "s3cret"},
                               {"auth_header", "X-Key"},
                               {"idempotent", "true"},
                               {"signing_secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
                               {"members", "to,content,from,type,subject,attachments,key,timestamp"}});
  const OutboundRequest sent = request("webhook", email());
  EXPECT_EQ(header(sent, "X-Key"), "s3cret");
  EXPECT_TRUE(bench_.host().list().back().takes_key);
  const auto payload = boost::json::parse(sent.body).as_object();
  EXPECT_EQ(payload.at("subject"), "Order");
  EXPECT_EQ(payload.at("timestamp"), "2026-03-01T00:00:00.000Z");
  EXPECT_EQ(payload.at("attachments"), boost::json::array{});
  const std::string key(payload.at("key").as_string());
  EXPECT_EQ(header(sent, "Idempotency-Key"), "\"" + key + "\"");
  EXPECT_EQ(header(sent, "webhook-id"), key);
  const std::string timestamp = header(sent, "webhook-timestamp");
  EXPECT_EQ(timestamp, "1772323200");
  EXPECT_EQ(
      header(sent, "webhook-signature"),
      evaluate("return 'v1,' .. base64.encode(hmac('sha256', base64.decode('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'), text))",
               key + "." + timestamp + "." + sent.body));
}

TEST_F(Shipped, TheWayTheWebhookSignsIsThatOfStandardWebhooks) {
  EXPECT_EQ(evaluate("return base64.encode(hmac('sha256', base64.decode('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'), text))",
                     R"(msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314})"),
            "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST_F(Shipped, AnAuthKeyThatNoHeaderCanHaveSendsNothing) {
  bench_.configure("webhook", {{"url", "https://hook.example/in"}, {"auth_key", "a\r\nX: y"}});
  EXPECT_TRUE(verdict("webhook", sms()).retryable);
}

TEST_F(Shipped, TheWebhooksAnswersAreRead) {
  bench_.configure("webhook", {{"url", "https://hook.example/in"}, {"success", "202,207"}});
  SendVerdict said = conclude("webhook", 202, R"({"messageId":"m-1","status":"queued"})");
  EXPECT_EQ(said.outcome, AttemptOutcome::Sent);
  EXPECT_EQ(said.provider_message_id, "m-1");
  EXPECT_EQ(conclude("webhook", 207, R"({"messageId":12})").provider_message_id, "12");
  EXPECT_EQ(conclude("webhook", 200, R"({"messageId":"m-1"})").outcome, AttemptOutcome::Unknown);
  for (const std::string& odd :
       {std::string(), std::string("ok"), std::string("[]"), std::string("\"x\""), std::string("{}"),
        std::string(R"({"messageId":""})"), std::string(R"({"messageId":null})"),
        std::string(R"({"messageId":{"a":1}})"), std::string(R"({"messageId":[1]})"),
        std::string("{\"messageId\":\"\xff\"}"), R"({"messageId":")" + std::string(300, 'x') + "\"}",
        R"({"messageId":"x","pad":")" + std::string(400000, 'x') + "\"}"})
    EXPECT_EQ(conclude("webhook", 202, odd).outcome, AttemptOutcome::Unknown) << odd.substr(0, 40);
  for (const unsigned status : {400U, 401U, 404U, 422U, 302U}) {
    EXPECT_EQ(conclude("webhook", status, "").outcome, AttemptOutcome::NotSent);
    EXPECT_FALSE(conclude("webhook", status, "").retryable);
  }
  EXPECT_EQ(conclude("webhook", 429, "", {{"retry-after", "9"}}).retry_after, seconds(9));
  EXPECT_TRUE(conclude("webhook", 500, "").retryable);
}

TEST_F(Shipped, TwilioGetsAFormWithTheAccountsCredentials) {
  bench_.configure("twilio", {{"account_sid", "AC1"}, {"auth_token", "t0ken"}, {"public_url", "https://gw.example/t"}});
  const Event event = sms("a&b ü");
  OutboundRequest sent = request("twilio", event);
  EXPECT_EQ(sent.url, "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json");
  EXPECT_EQ(header(sent, "Authorization"), "Basic QUMxOnQwa2Vu");
  EXPECT_EQ(header(sent, "Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(sent.body,
            "Body=a%26b%20%C3%BC&From=%2B15551234567&StatusCallback=https%3A%2F%2Fgw.example%2Ft%3Fpenstock_id%3D" +
                event.id.text() + "&To=%2B15557654321");
  sent = request("twilio", bench_.event(Request::sms(
                               R"({"from":"+15551234567","to":"+15557654321","body":"x","type":"mms",
                                   "attachments":["https://a.example/1","https://a.example/2"]})")));
  EXPECT_THAT(sent.body,
              testing::HasSubstr("MediaUrl=https%3A%2F%2Fa.example%2F1&MediaUrl=https%3A%2F%2Fa.example%2F2&"));
  bench_.configure("twilio", {{"account_sid", "AC1"}, {"auth_token", "t0ken"}, {"messaging_service_sid", "MG1"}});
  bench_.host().reload(bench_.settings);
  EXPECT_EQ(request("twilio", sms()).body, "Body=hello&MessagingServiceSid=MG1&To=%2B15557654321");
  EXPECT_FALSE(verdict("twilio", email()).retryable);
}

TEST_F(Shipped, TwiliosCallbackMayHaveAQueryOfItsOwn) {
  bench_.configure("twilio",
                   {{"account_sid", "AC1"}, {"auth_token", "t0ken"}, {"public_url", "https://gw.example/t?a=1"}});
  const Event event = sms();
  EXPECT_THAT(request("twilio", event).body,
              testing::HasSubstr("StatusCallback=https%3A%2F%2Fgw.example%2Ft%3Fa%3D1%26penstock_id%3D" +
                                 event.id.text() + "&"));
}

TEST_F(Shipped, TwiliosAnswersAreRead) {
  bench_.configure("twilio", {{"account_sid", "AC1"}, {"auth_token", "t0ken"}});
  EXPECT_EQ(conclude("twilio", 201, R"({"sid":"SM12ab","status":"queued"})").provider_message_id, "SM12ab");
  for (const char* odd : {"", "{}", "[]", R"({"sid":7})", R"({"sid":"a b"})", R"({"sid":""})"})
    EXPECT_EQ(conclude("twilio", 201, odd).outcome, AttemptOutcome::Unknown) << odd;
  const SendVerdict said =
      conclude("twilio", 400, R"({"code":21211,"message":"The 'To' number +15557654321 is not valid"})");
  EXPECT_EQ(said.outcome, AttemptOutcome::NotSent);
  EXPECT_FALSE(said.retryable);
  EXPECT_EQ(said.reason, "HTTP 400, error 21211");
  EXPECT_TRUE(conclude("twilio", 429, "busy", {{"retry-after", "3"}}).retryable);
  EXPECT_EQ(conclude("twilio", 503, R"({"code":"x"})").reason, "HTTP 503");
}

TEST_F(Shipped, SendGridGetsMailAsJson) {
  bench_.configure("sendgrid", {{"api_key", "SG.x"}});
  const Event event = email();
  const OutboundRequest sent = request("sendgrid", event);
  EXPECT_EQ(sent.url, "https://api.sendgrid.com/v3/mail/send");
  EXPECT_EQ(header(sent, "Authorization"), "Bearer SG.x");
  EXPECT_EQ(sent.body, R"({"content":[{"type":"text/html","value":"<p>Hi</p>"}],"from":{"email":"shop@example.org"},)"
                       R"("personalizations":[{"custom_args":{"penstock_id":")" +
                           event.id.text() + R"("},"to":[{"email":"ann@example.com"}]}],"subject":"Order"})");
  const Event plain =
      bench_.event(Request::email(R"({"from":"shop@example.org","to":"ann@example.com","body":"1 < 2 and 3 > 2"})"));
  EXPECT_THAT(request("sendgrid", plain).body, testing::HasSubstr(R"("type":"text/plain")"));
  EXPECT_THAT(request("sendgrid", plain).body, testing::HasSubstr(R"x("subject":"(no subject)")x"));
  EXPECT_FALSE(verdict("sendgrid", sms()).retryable);
}

TEST_F(Shipped, SendGridsAnswersAreRead) {
  bench_.configure("sendgrid", {{"api_key", "SG.x"}});
  EXPECT_EQ(conclude("sendgrid", 202, "", {{"x-message-id", "14c5d75ce93"}}).provider_message_id, "14c5d75ce93");
  EXPECT_EQ(conclude("sendgrid", 202, "").outcome, AttemptOutcome::Unknown);
  EXPECT_EQ(conclude("sendgrid", 202, "", {{"x-message-id", "a b"}}).outcome, AttemptOutcome::Unknown);
  EXPECT_FALSE(conclude("sendgrid", 401, "").retryable);
  EXPECT_TRUE(conclude("sendgrid", 500, "").retryable);
}

/// The example of README.md, which is to work as it stands there.
TEST_F(Shipped, TheReadmesExampleIsAProvider) {
  std::ifstream in(std::filesystem::path(PENSTOCK_SCRIPTS) / "../README.md");
  const std::string readme((std::istreambuf_iterator<char>(in)), {});
  const std::size_t begin = readme.find("-- scripts/providers/acme.lua");
  ASSERT_NE(begin, std::string::npos);
  bench_.provide("acme", readme.substr(begin, readme.find("```", begin) - begin), {{"token", "t0ken"}});
  const OutboundRequest sent = request("acme", sms());
  EXPECT_EQ(sent.url, "https://api.acme.example/v1/messages");
  EXPECT_EQ(header(sent, "Authorization"), "Bearer t0ken");
  EXPECT_EQ(sent.body, R"({"from":"+15551234567","text":"hello","to":"+15557654321"})");
  EXPECT_TRUE(bench_.host().list().front().takes_key);
  EXPECT_EQ(conclude("acme", 200, R"({"id":"7"})").provider_message_id, "7");
  EXPECT_EQ(conclude("acme", 200, "ok").outcome, AttemptOutcome::Unknown);
  EXPECT_TRUE(conclude("acme", 503, "").retryable);
}

TEST_F(Shipped, TheirSectionsSayHowMuchMayGoToThem) {
  bench_.configure("webhook", {{"url", "https://hook.example/in"}});
  bench_.configure("twilio", {{"account_sid", "AC1"}, {"auth_token", "t"}, {"per_minute", "600"}});
  bench_.configure("sendgrid", {{"api_key", "SG.1"}, {"per_minute", "60"}, {"at_once", "5"}});
  EXPECT_EQ(bench_.host().traits("webhook")->limits, ProviderLimits{});
  EXPECT_EQ(bench_.host().traits("twilio")->limits, (ProviderLimits{600, 0}));
  EXPECT_EQ(bench_.host().traits("sendgrid")->limits, (ProviderLimits{60, 5}));
}

}  // namespace
}  // namespace penstock::test
