#include "policy_bench.h"

#include <gmock/gmock.h>

namespace penstock::test {
namespace {

using std::chrono::seconds;

/// A provider whose functions have these bodies.
std::string script(const std::string& request, const std::string& outcome, const std::string& more = "") {
  return "return {\n request = function(message, settings)\n" + request +
         "\n end,\n outcome = function(response, settings)\n" + outcome + "\n end,\n" + more + "}";
}

class Provider : public testing::Test {
protected:
  PolicyHost& host() { return bench_.host(); }
  SendStep request(std::uint32_t attempt = 1) { return host().request("test", sms(), attempt); }
  SendVerdict conclude(OutboundResponse answer = {}, bool of_lookup = false) {
    return host().conclude("test", sms(), answer, of_lookup);
  }
  const Event& sms() {
    if (!event_) event_ = bench_.event(Request::sms(kSms));
    return *event_;
  }
  std::string lastCause() { return bench_.log.lines().back().get("cause", ""); }

  PolicyBench bench_;
  std::optional<Event> event_;
};

OutboundResponse answer(unsigned status, std::string body = "") {
  OutboundResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

TEST_F(Provider, SaysWhatItCan) {
  bench_.provide("plain", script("", ""));
  bench_.provide("rich", script("", "", R"(takes_key = function(settings) return settings.keyed end,
    settings = {keyed = {type = "boolean", default = true}},
    lookup = function() end, found = function() end, verify = function() end, inbound = function() end)"));
  const auto providers = host().list();
  ASSERT_EQ(providers.size(), 3U);
  EXPECT_EQ(providers[0].name, "mock");
  EXPECT_EQ(providers[1].name, "plain");
  EXPECT_FALSE(providers[1].takes_key || providers[1].looks_up || providers[1].receives);
  EXPECT_EQ(providers[2].name, "rich");
  EXPECT_TRUE(providers[2].takes_key && providers[2].looks_up && providers[2].receives);
}

TEST_F(Provider, ARequestIsWhatTheScriptAnswers) {
  bench_.provide("test",
                 script(R"(
    assert(message.attempt == 3 and message.body == "hello" and settings.token == "s3cret" and settings.wait == 1.5)
    assert(settings.none == nil)
    return {method = "PUT", url = "https://a.example/" .. url_encode(message.to), body = json.encode{to = message.to},
            headers = {["X-Token"] = settings.token, Accept = {"a", "b"}}})",
                        "", R"(settings = {token = "secret", none = {type = "secret"},
                                       wait = {type = "duration", default = "1500ms"}})"),
                 {{"token", "s3cret"}});
  const SendStep step = request(3);
  const auto* sent = std::get_if<OutboundRequest>(&step);
  ASSERT_NE(sent, nullptr) << lastCause();
  EXPECT_EQ(sent->method, "PUT");
  EXPECT_EQ(sent->url, "https://a.example/%2B15557654321");
  EXPECT_EQ(sent->body, R"({"to":"+15557654321"})");
  const std::vector<std::pair<std::string, std::string>> headers = {
      {"Accept", "a"}, {"Accept", "b"}, {"X-Token", "s3cret"}};
  EXPECT_EQ(sent->headers, headers);
}

TEST_F(Provider, TheKeyIsOneForAllAttemptsAndForNoOtherMessage) {
  bench_.provide("test", script("return {url = 'https://a.example', body = message.key}", ""));
  const auto keyOf = [&](const Event& event, std::uint32_t attempt) {
    return std::get<OutboundRequest>(host().request("test", event, attempt)).body;
  };
  Event again = sms();
  again.id = Uuid::make(bench_.clock.wall());
  EXPECT_EQ(keyOf(sms(), 1), keyOf(sms(), 2));
  EXPECT_EQ(keyOf(sms(), 1), keyOf(again, 1));
  const Event other = bench_.event(Request::sms(R"({"from":"123","to":"456","body":"other"})"));
  EXPECT_NE(keyOf(sms(), 1), keyOf(other, 1));
  Event reused = sms();
  reused.fingerprint = other.fingerprint;
  EXPECT_NE(keyOf(sms(), 1), keyOf(reused, 1));
  Event others = sms();
  others.customer = "other";
  EXPECT_NE(keyOf(sms(), 1), keyOf(others, 1));
}

TEST_F(Provider, MayConcludeWithoutTheNetwork) {
  bench_.provide("test",
                 script("return nil, {not_sent = 'no', status = 429, retryable = true, retry_after = 2.5}", ""));
  const SendStep step = request();
  const auto* verdict = std::get_if<SendVerdict>(&step);
  ASSERT_NE(verdict, nullptr);
  EXPECT_EQ(verdict->outcome, AttemptOutcome::NotSent);
  EXPECT_EQ(verdict->reason, "no");
  EXPECT_TRUE(verdict->retryable);
  EXPECT_EQ(verdict->retry_after, std::chrono::milliseconds(2500));
  EXPECT_EQ(verdict->http_status, 429);
}

TEST_F(Provider, AnAnswerIsSentNotSentOrUnknown) {
  bench_.provide("test", script("", R"(
    assert(response.headers["retry-after"] == "7, 8" and response.latency == 0.25 and not response.truncated)
    if response.status == 202 then return {sent = json.decode(response.body).id} end
    if response.status == 400 then return {not_sent = "refused"} end
    if response.status == 200 then return {unknown = "odd"} end
    return refused(response))"));
  const auto say = [&](unsigned status, std::string body = "") {
    OutboundResponse response = answer(status, std::move(body));
    response.headers = {{"retry-after", "7"}, {"retry-after", "8"}};
    response.latency = std::chrono::milliseconds(250);
    return conclude(response);
  };
  SendVerdict verdict = say(202, R"({"id":"SM1"})");
  EXPECT_EQ(verdict.outcome, AttemptOutcome::Sent);
  EXPECT_EQ(verdict.provider_message_id, "SM1");
  EXPECT_EQ(verdict.http_status, 202);
  EXPECT_EQ(say(202, R"({"id":77})").provider_message_id, "77");
  verdict = say(400);
  EXPECT_EQ(verdict.outcome, AttemptOutcome::NotSent);
  EXPECT_FALSE(verdict.retryable);
  EXPECT_EQ(say(200).outcome, AttemptOutcome::Unknown);
  EXPECT_EQ(say(200).reason, "odd");
  EXPECT_TRUE(say(503).retryable);
  EXPECT_EQ(say(503).reason, "HTTP 503");
}

TEST_F(Provider, TheStatusAloneTellsWhatARefusalMeans) {
  bench_.provide("test", script("", "return refused(response) or {sent = 'x'}"));
  const auto say = [&](unsigned status, const std::string& retry_after = "") {
    OutboundResponse response = answer(status);
    if (!retry_after.empty()) response.headers = {{"retry-after", retry_after}};
    return conclude(response);
  };
  for (const unsigned status : {100U, 301U, 400U, 401U, 404U, 408U, 422U, 600U, 999U}) {
    EXPECT_EQ(say(status).outcome, AttemptOutcome::NotSent) << status;
    EXPECT_FALSE(say(status, "5").retryable) << status;
  }
  for (const unsigned status : {429U, 500U, 502U, 503U, 599U}) EXPECT_TRUE(say(status).retryable) << status;
  for (const unsigned status : {200U, 202U, 299U}) EXPECT_EQ(say(status).outcome, AttemptOutcome::Sent) << status;
  EXPECT_EQ(say(429, "30").retry_after, seconds(30));
  EXPECT_EQ(say(429, "99999999999999999999").retry_after, seconds(366 * 86400));
  EXPECT_EQ(say(429, "Sun, 01 Mar 2026 00:01:00 GMT").retry_after, seconds(60));
  EXPECT_EQ(say(429, "Sun, 01 Mar 2020 00:01:00 GMT").retry_after, seconds(0));
  for (const char* odd : {"soon", "-1", "1.5", "0x10", "1e9", "Sun, 99 Foo", "\xff"})
    EXPECT_EQ(say(429, odd).retry_after, std::nullopt) << odd;
}

TEST_F(Provider, ALookupSaysWhatBecameOfASend) {
  bench_.provide("test", script("", "", R"(
    lookup = function(message) return {method = "GET", url = "https://a.example/" .. message.key} end,
    found = function(response)
      if response.status == 404 then return {not_sent = "not known", retryable = true} end
      return {sent = response.body}
    end)"));
  const SendStep step = host().lookup("test", sms());
  ASSERT_TRUE(std::holds_alternative<OutboundRequest>(step));
  EXPECT_EQ(std::get<OutboundRequest>(step).method, "GET");
  EXPECT_EQ(conclude(answer(404), true).outcome, AttemptOutcome::NotSent);
  EXPECT_EQ(conclude(answer(200, "SM9"), true).provider_message_id, "SM9");
}

TEST_F(Provider, NobodyOfThatNameSendsNothing) {
  const SendStep step = host().request("nobody", sms(), 1);
  const auto& verdict = std::get<SendVerdict>(step);
  EXPECT_EQ(verdict.outcome, AttemptOutcome::NotSent);
  EXPECT_FALSE(verdict.retryable);
  // What was sent before a provider was taken away may have arrived.
  EXPECT_EQ(host().conclude("nobody", sms(), answer(200), false).outcome, AttemptOutcome::Unknown);
  EXPECT_EQ(std::get<SendVerdict>(host().lookup("mock", sms())).outcome, AttemptOutcome::Unknown);
}

struct Hostile {
  std::string body;
  FailureReason reason = FailureReason::BadAnswer;
};
void PrintTo(const Hostile& hostile, std::ostream* out) { *out << hostile.body; }

const std::string kEndless = "while true do end";
const std::string kGreedy = "local t = {} while true do t = {t, {}, {}} end";

class BrokenRequest : public Provider, public testing::WithParamInterface<Hostile> {};

TEST_P(BrokenRequest, CostsItsCallAndMayBeTriedAgain) {
  bench_.provide("test", script(GetParam().body, ""));
  const SendStep step = request();
  const auto* verdict = std::get_if<SendVerdict>(&step);
  ASSERT_NE(verdict, nullptr);
  EXPECT_EQ(verdict->outcome, AttemptOutcome::NotSent);
  EXPECT_TRUE(verdict->retryable);
  EXPECT_EQ(verdict->reason, "the provider's script failed");
  EXPECT_EQ(bench_.failures(ScriptName::Provider, GetParam().reason), 1) << lastCause();
  EXPECT_THAT(bench_.log.lines().back().get("position"), testing::StartsWith("providers/test.lua"));
  EXPECT_TRUE(std::holds_alternative<SendVerdict>(host().request("mock", sms(), 1)));
}

INSTANTIATE_TEST_SUITE_P(
    EachWay, BrokenRequest,
    testing::Values(Hostile{"error('x')", FailureReason::Error}, Hostile{kEndless, FailureReason::Deadline},
                    Hostile{kGreedy, FailureReason::Memory}, Hostile{"return nil"}, Hostile{"return 7"},
                    Hostile{"return {}"}, Hostile{"return nil, {}"}, Hostile{"return {url = 7}"},
                    Hostile{"return {url = ''}"}, Hostile{"return {url = 'https://a b'}"},
                    Hostile{"return {url = 'https://a/\\r\\nX: y'}"}, Hostile{"return {url = 'https://ä.example'}"},
                    Hostile{"return {url = ('x'):rep(9000)}"}, Hostile{"return {url = 'https://a', method = 'TRACE'}"},
                    Hostile{"return {url = 'https://a', method = 'get'}"},
                    Hostile{"return {url = 'https://a', method = 'GET / HTTP/1.1\\r\\n'}"},
                    Hostile{"return {url = 'https://a', headers = 'X: y'}"},
                    Hostile{"return {url = 'https://a', headers = {'X: y'}}"},
                    Hostile{"return {url = 'https://a', headers = {['X\\r\\nY'] = 'z'}}"},
                    Hostile{"return {url = 'https://a', headers = {['X:'] = 'z'}}"},
                    Hostile{"return {url = 'https://a', headers = {[''] = 'z'}}"},
                    Hostile{"return {url = 'https://a', headers = {X = 'y\\r\\nZ: 1'}}"},
                    Hostile{"return {url = 'https://a', headers = {X = 'y\\nZ: 1'}}"},
                    Hostile{"return {url = 'https://a', headers = {X = 'y\\0'}}"},
                    Hostile{"return {url = 'https://a', headers = {X = '\\xff'}}"},
                    Hostile{"return {url = 'https://a', headers = {X = {'y', {}}}}"},
                    Hostile{"return {url = 'https://a', headers = {X = 7}}"},
                    Hostile{"return {url = 'https://a', headers = {X = ('y'):rep(40000)}}"},
                    Hostile{
                        "local h = {} for i = 1, 65 do h['X' .. i] = 'y' end return {url = 'https://a', headers = h}"},
                    Hostile{"return {url = 'https://a', body = {}}"}, Hostile{"return {url = 'https://a', body = 7}"},
                    Hostile{"return {url = 'https://a', body = ('x'):rep(1100000)}"}));

class BrokenOutcome : public Provider, public testing::WithParamInterface<Hostile> {};

TEST_P(BrokenOutcome, LeavesTheSendUnknown) {
  bench_.provide("test", script("", GetParam().body));
  const SendVerdict verdict = conclude(answer(202, "confidential"));
  EXPECT_EQ(verdict.outcome, AttemptOutcome::Unknown);
  EXPECT_EQ(verdict.reason, "the provider's script failed");
  EXPECT_EQ(verdict.http_status, 202);
  EXPECT_EQ(bench_.failures(ScriptName::Provider, GetParam().reason), 1) << lastCause();
  for (const Poco::Message& line : bench_.log.lines())
    EXPECT_THAT(line.get("cause", ""), testing::Not(testing::HasSubstr("confidential")));
}

INSTANTIATE_TEST_SUITE_P(
    EachWay, BrokenOutcome,
    testing::Values(
        Hostile{"error(response.body)", FailureReason::Error}, Hostile{kEndless, FailureReason::Deadline},
        Hostile{kGreedy, FailureReason::Memory}, Hostile{""}, Hostile{"return nil"}, Hostile{"return 'sent'"},
        Hostile{"return {}"}, Hostile{"return {sent = true}"}, Hostile{"return {sent = ''}"},
        Hostile{"return {sent = {}}"}, Hostile{"return {sent = 1.5}"}, Hostile{"return {sent = '\\xff'}"},
        Hostile{"return {sent = 'a\\0b'}"}, Hostile{"return {sent = ('x'):rep(256)}"},
        Hostile{"return {sent = 'a', not_sent = 'b'}"}, Hostile{"return {not_sent = 'a', unknown = 'b'}"},
        Hostile{"return {not_sent = true}"}, Hostile{"return {not_sent = ''}"}, Hostile{"return {not_sent = '\\xff'}"},
        Hostile{"return {not_sent = 'a', retryable = 'yes'}"}, Hostile{"return {not_sent = 'a', retry_after = 0/0}"},
        Hostile{"return {not_sent = 'a', retry_after = -1}"}, Hostile{"return {not_sent = 'a', retry_after = '5'}"},
        Hostile{"return {not_sent = 'a', status = 'x'}"}, Hostile{"return {not_sent = 'a', status = 1000}"},
        Hostile{"return {unknown = 7}"}));

TEST_F(Provider, WhatAnAnswerHoldsIsBoundedAndRedacted) {
  bench_.provide("test", script("", R"(
    if response.body == "long" then return {not_sent = ("é"):rep(1000), retryable = true, retry_after = 1e300} end
    return {unknown = "no such number +15557654321\r\nfor ann@example.org"})"));
  SendVerdict verdict = conclude(answer(500, "long"));
  EXPECT_LE(verdict.reason.size(), 300U);
  EXPECT_EQ(verdict.retry_after, seconds(366 * 86400));
  verdict = conclude();
  EXPECT_THAT(verdict.reason, testing::Not(testing::HasSubstr("7654321")));
  EXPECT_THAT(verdict.reason, testing::Not(testing::HasSubstr("ann@")));
  EXPECT_THAT(verdict.reason, testing::Not(testing::HasSubstr("\n")));
}

TEST_F(Provider, AHugeOrOddAnswerIsOneCall) {
  bench_.provide("test", script("", "local v = json.decode(response.body) return {sent = type(v)}"));
  EXPECT_EQ(conclude(answer(200, std::string(3 << 20, 'x'))).outcome, AttemptOutcome::Unknown);
  EXPECT_EQ(conclude(answer(200, std::string(60000, '['))).provider_message_id, "nil");
  EXPECT_EQ(conclude(answer(200, std::string("\xff\x00", 2))).provider_message_id, "nil");
  OutboundResponse many = answer(200, "{}");
  for (int i = 0; i < 1000; ++i) many.headers.emplace_back("x-" + std::to_string(i), std::string(100, 'y'));
  EXPECT_EQ(conclude(many).provider_message_id, "table");
}

TEST_F(Provider, ScriptsAreLoadedWholeWithThoseOfThePolicy) {
  bench_.provide("test", script("return {url = 'https://old.example'}", ""));
  const Digest128 before = host().hash();
  EXPECT_EQ(std::get<OutboundRequest>(request()).url, "https://old.example");
  bench_.provide("test", script("return {url = 'https://new.example'}", ""));
  bench_.scripts.write(ScriptName::Conversation, "return");
  EXPECT_THROW(host().reload(bench_.settings), PolicyFault);
  EXPECT_EQ(std::get<OutboundRequest>(request()).url, "https://old.example");
  EXPECT_EQ(host().hash(), before);
  bench_.scripts.write(ScriptName::Conversation, "return function() return 'c' end");
  host().reload(bench_.settings);
  EXPECT_EQ(std::get<OutboundRequest>(request()).url, "https://new.example");
  EXPECT_NE(host().hash(), before);
}

TEST_F(Provider, ItsSettingsAreOfTheHashButNoSecret) {
  const std::string declared = "settings = {a = {type = 'integer', default = 1}, token = {type = 'secret'}}";
  bench_.provide("test", script("", "", declared));
  const Digest128 before = host().hash();
  bench_.configure("test", {{"token", "s3cret"}});
  host().reload(bench_.settings);
  EXPECT_EQ(host().hash(), before);
  bench_.configure("test", {{"a", "2"}});
  host().reload(bench_.settings);
  EXPECT_NE(host().hash(), before);
}

TEST_F(Provider, AScriptOfAnotherShapeIsRefusedWithItsFile) {
  const std::pair<const char*, const char*> cases[] = {
      {"return 7", "must return a table, but returned a number"},
      {"return {}", "needs request and outcome"},
      {"return {request = function() end}", "needs request and outcome"},
      {"return {request = function() end, outcome = 'x'}", "outcome must be a function"},
      {"return {request = function() end, outcome = function() end, lookup = function() end}",
       "needs both lookup and found, or neither"},
      {"return {request = function() end, outcome = function() end, inbound = function() end}",
       "needs both verify and inbound, or neither"},
      {"return {request = function() end, outcome = function() end, takes_key = 'yes'}",
       "takes_key must be true or false"},
      {"return {", "providers/test.lua:1: "},
  };
  for (const auto& [text, sentence] : cases) {
    PolicyBench bench;
    bench.settings.providers["test"];
    bench.scripts.writeProvider("test", text);
    try {
      bench.host();
      ADD_FAILURE() << text;
    } catch (const PolicyFault& fault) {
      EXPECT_THAT(fault.what(), testing::StartsWith((bench.scripts.path() / "providers/test.lua").string())) << text;
      EXPECT_THAT(fault.what(), testing::HasSubstr(sentence)) << text;
    }
  }
}

TEST_F(Provider, AMissingScriptIsAFault) {
  bench_.settings.providers["absent"];
  EXPECT_THROW(host(), PolicyFault);
}

TEST_F(Provider, AdjustedValuesHoldAtOnceAndOverAReload) {
  bench_.provide("test", script("return {url = 'https://a.example', body = settings.pct .. tostring(settings.word)}",
                                "", "settings = {pct = {type = 'integer', default = 0}, word = {type = 'text'}}"));
  const auto body = [&] { return std::get<OutboundRequest>(request()).body; };
  EXPECT_EQ(body(), "0nil");
  host().adjust("test", {{"pct", 30}, {"unheard-of", 1}, {"word", 5}});
  EXPECT_EQ(body(), "30nil");
  host().reload(bench_.settings);
  EXPECT_EQ(body(), "30nil");
  host().adjust("test", {{"word", "x"}});
  EXPECT_EQ(body(), "0x");
  host().adjust("nobody", {{"pct", 1}});
  EXPECT_EQ(body(), "0x");
}

TEST_F(Provider, ItsSettingsCanBeAskedForButNotItsSecrets) {
  bench_.provide("test", script("return {url = 'https://a.example'}", "",
                                "settings = {pct = {type = 'integer', default = 0}, word = {type = 'text'}, "
                                "wait = {type = 'duration', default = '1500ms'}, token = {type = 'secret'}}"));
  bench_.configure("test", {{"token", "s3cret"}});
  const auto settings = [&] { return host().settings("test").value(); };
  EXPECT_EQ(settings(), (boost::json::object{{"pct", 0}, {"word", ""}, {"wait", 1.5}}));
  host().adjust("test", {{"pct", 30}, {"token", "other"}, {"unheard-of", 1}, {"word", 5}});
  EXPECT_EQ(settings(), (boost::json::object{{"pct", 30}, {"word", ""}, {"wait", 1.5}}));
  EXPECT_EQ(host().settings("nobody"), std::nullopt);
}

}  // namespace
}  // namespace penstock::test
