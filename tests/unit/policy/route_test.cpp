#include "policy_bench.h"

#include <gmock/gmock.h>

namespace penstock::test {
namespace {

const std::string kMms =
    R"({"from":"+15551234567","to":"+15557654321","body":"hello","type":"mms","attachments":["https://a.example/b"]})";

class Route : public testing::Test {
protected:
  Routing route(Request request) {
    const Event event = bench_.event(std::move(request));
    return bench_.host().route(event);
  }
  PolicyBench bench_;
};

TEST_F(Route, EachTypeHasTheProviderThatTheConfigurationNames) {
  bench_.provide("other", "return {request = function() end, outcome = function() end}");
  bench_.settings.routes = {"mock", "other", ""};
  Routing routing = route(Request::sms(kSms));
  EXPECT_EQ(routing.verdict, Routing::Verdict::Routed);
  EXPECT_EQ(routing.provider, "mock");
  EXPECT_EQ(route(Request::sms(kMms)).provider, "other");
  EXPECT_EQ(route(Request::email(kEmail)).verdict, Routing::Verdict::NoRoute);
}

TEST_F(Route, TheScriptSeesTheWholeMessage) {
  bench_.scripts.write(ScriptName::Route, R"(return function(m, settings)
    assert(#m.id == 36 and #m.key == 32 and m.attempt == nil and m.channel == "email" and m.type == "email")
    assert(m.from == "ann@example.org" and m.to == "bob@example.com" and m.subject == "Hi" and m.body == "hello")
    assert(#m.attachments == 1 and m.attachments[1] == "https://a.example/b" and m.metadata.order == 7)
    assert(m.customer == "shop" and m.timestamp == 1767225600.25 and settings.sms == "mock")
    return "mock"
  end)");
  const Routing routing = route(Request::email(
      R"({"from":"ann@example.org","to":"bob@example.com","subject":"Hi","body":"hello","customerId":"shop","order":7,
          "attachments":["https://a.example/b"],"timestamp":"2026-01-01T00:00:00.250Z"})"));
  EXPECT_EQ(routing.verdict, Routing::Verdict::Routed) << bench_.log.lines().back().get("cause", "");
}

TEST_F(Route, AProviderThatIsNotConfiguredIsAFailure) {
  bench_.settings.routes.sms = "nobody";
  EXPECT_EQ(route(Request::sms(kSms)).verdict, Routing::Verdict::Failed);
  EXPECT_EQ(bench_.failures(ScriptName::Route, FailureReason::BadAnswer), 1);
  const Poco::Message line = bench_.log.lines().back();
  EXPECT_EQ(line.get("cause"), "named a provider that is not configured");
  EXPECT_EQ(line.get("position"), "route.lua");
}

struct Broken {
  std::string body;
  FailureReason reason;
};

void PrintTo(const Broken& broken, std::ostream* out) { *out << broken.body; }

class BrokenRoute : public Route, public testing::WithParamInterface<Broken> {};

TEST_P(BrokenRoute, IsAFailureThatIsCountedAndNextTimeIsAsked) {
  bench_.scripts.write(
      ScriptName::Route,
      "return function(message)\n  if message.body == 'good' then return 'mock' end\n " + GetParam().body + "\nend");
  const Routing routing = route(Request::sms(kSms));
  EXPECT_EQ(routing.verdict, Routing::Verdict::Failed);
  EXPECT_EQ(routing.provider, "");
  EXPECT_EQ(bench_.failures(ScriptName::Route, GetParam().reason), 1);
  EXPECT_EQ(route(Request::sms(R"({"from":"123","to":"456","body":"good"})")).verdict, Routing::Verdict::Routed);
}

INSTANTIATE_TEST_SUITE_P(
    EachWay, BrokenRoute,
    testing::Values(Broken{"error('x')", FailureReason::Error}, Broken{"while true do end", FailureReason::Deadline},
                    Broken{"local t = {} while true do t = {t, {}, {}} end", FailureReason::Memory},
                    Broken{"return 7", FailureReason::BadAnswer}, Broken{"return ''", FailureReason::BadAnswer},
                    Broken{"return ('x'):rep(1000)", FailureReason::BadAnswer}));

}  // namespace
}  // namespace penstock::test
