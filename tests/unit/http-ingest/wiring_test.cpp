#include "answered.h"
#include "fake_dead_letters.h"
#include "fake_publisher.h"
#include "fake_reader.h"
#include "fake_webhooks.h"

#include "http-ingest/accept.h"

#include "support/fake_control.h"
#include "support/fake_providers.h"
#include "support/plugin_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace penstock::test {

/// Keeps the routes a plugin declares, by method and pattern.
struct FakeHttp final : Http {
  std::map<std::pair<Method, std::string>, Route> routes;
  void add(Route route) override {
    const auto key = std::pair(route.method, std::string(route.pattern));
    if (!routes.emplace(key, std::move(route)).second) throw std::invalid_argument("taken");
  }
  Route& at(Method method, const std::string& pattern) { return routes.at({method, pattern}); }
};

class WiringTest : public testing::Test {
protected:
  void SetUp() override {
    plugin.lend<Queue>(queue);
    plugin.lend<DeadLetters>(letters);
    plugin.lend<Reader>(reader);
    plugin.lend<Control>(control);
    plugin.lend<Http>(http);
    plugin.lend<ProviderWebhooks>(webhooks);
    plugin.lend<ProviderSettingsBoard>(providers);
    plugin.start();
  }
  Answered call(Method method, const std::string& pattern, std::string_view body = {}) {
    HttpRequest request;
    request.body = body;
    request.path_parameters = {"0195513c-2a60-7c3e-9f4b-0d5a1c2b3e4f"};
    Answered answered;
    http.at(method, pattern).handler(request, answered.responder());
    answered.status();
    return answered;
  }

  FakePublisher queue;
  FakeDeadLetters letters;
  FakeReader reader;
  FakeControl control;
  FakeHttp http;
  FakeWebhooks webhooks;
  FakeProviders providers;
  PluginFixture plugin{PENSTOCK_HTTP_INGEST};
};

TEST_F(WiringTest, DeclaresItsRoutesOnThePublicListener) {
  std::vector<std::string> posts;
  std::vector<std::string> gets;
  std::vector<std::string> deletes;
  std::vector<std::string> puts;
  for (const auto& [key, route] : http.routes) {
    EXPECT_EQ(route.listener, ListenerName::Public);
    (key.first == Method::Post  ? posts
     : key.first == Method::Get ? gets
     : key.first == Method::Put ? puts
                                : deletes)
        .push_back(key.second);
    const bool posts_body =
        key.first == Method::Post && !key.second.ends_with("{id}/replay") && !key.second.starts_with("/scheduler/");
    const bool body = key.first == Method::Put || posts_body;
    const BodyRule posted = key.second.ends_with("{provider}") ? BodyRule::Any : BodyRule::Json;
    EXPECT_EQ(route.body, body ? posted : BodyRule::None) << key.second;
    EXPECT_EQ(route.negotiates_json, key.first == Method::Get && key.second.starts_with("/api/")) << key.second;
  }
  EXPECT_THAT(posts, testing::UnorderedElementsAre(
                         "/api/messages/sms", "/api/messages/email", "/api/webhooks/sms", "/api/webhooks/email",
                         "/api/webhooks/{provider}", "/api/dead-letters/replay", "/api/dead-letters/{id}/replay",
                         "/scheduler/start", "/scheduler/stop", "/api/provider/mock/inbound"));
  EXPECT_THAT(puts, testing::ElementsAre("/api/provider/mock/config"));
  EXPECT_THAT(deletes, testing::ElementsAre("/api/dead-letters/{id}"));
  EXPECT_THAT(gets, testing::UnorderedElementsAre("/api/conversations", "/api/conversations/{id}/messages",
                                                  "/api/messages/{id}", "/api/messages/sent", "/messages/sent",
                                                  "/api/dead-letters", "/api/dead-letters/causes",
                                                  "/api/dead-letters/{id}", "/api/provider/mock/config", "/scheduler",
                                                  "/livez", "/readyz", "/healthz", "/openapi.yaml"));
}

TEST_F(WiringTest, OnlyHealthIsServedWhileDraining) {
  for (const auto& [key, route] : http.routes) EXPECT_EQ(route.during_drain, key.second.ends_with("z")) << key.second;
}

TEST_F(WiringTest, EachRouteAnswers) {
  plugin.policy.on_admit = [](const Draft&) {
    Admission admission;
    admission.verdict = Admission::Verdict::Admitted;
    return admission;
  };
  for (const SendingCall& each : kSendingCalls)
    EXPECT_EQ(call(Method::Post, std::string(each.pattern), "{}").status(), 202U) << each.pattern;
  EXPECT_EQ(call(Method::Get, "/api/conversations").status(), 200U);
  EXPECT_EQ(call(Method::Get, "/api/messages/sent").status(), 200U);
  EXPECT_EQ(call(Method::Get, "/messages/sent").status(), 200U);
  EXPECT_EQ(call(Method::Get, "/api/messages/{id}").problem().status, 404U);
  EXPECT_EQ(call(Method::Post, "/api/webhooks/{provider}").problem().status, 404U);
  EXPECT_EQ(call(Method::Get, "/api/dead-letters").status(), 200U);
  EXPECT_EQ(call(Method::Get, "/api/dead-letters/causes").status(), 200U);
  EXPECT_EQ(call(Method::Get, "/api/dead-letters/{id}").problem().status, 404U);
  EXPECT_EQ(call(Method::Delete, "/api/dead-letters/{id}").problem().status, 404U);
  EXPECT_EQ(call(Method::Post, "/api/dead-letters/{id}/replay").problem().status, 404U);
  EXPECT_EQ(call(Method::Post, "/api/dead-letters/replay", R"({"filter":{}})").status(), 200U);
  EXPECT_EQ(call(Method::Get, "/scheduler").status(), 200U);
  EXPECT_EQ(call(Method::Post, "/scheduler/stop").status(), 200U);
  EXPECT_EQ(call(Method::Post, "/scheduler/start").status(), 200U);
  EXPECT_EQ(call(Method::Get, "/api/provider/mock/config").problem().status, 404U);
  EXPECT_EQ(call(Method::Put, "/api/provider/mock/config", "{}").problem().status, 404U);
  EXPECT_EQ(call(Method::Post, "/api/provider/mock/inbound", "{}").problem().status, 404U);
  EXPECT_EQ(call(Method::Get, "/livez").status(), 200U);
  EXPECT_EQ(call(Method::Get, "/healthz").status(), 200U);
  plugin.board.state = HealthState::Down;
  EXPECT_EQ(call(Method::Get, "/readyz").problem().status, 503U);
}

TEST_F(WiringTest, StartsAfterACacheIfThereIsOne) {
  EXPECT_THAT(plugin.descriptor().uses, testing::ElementsAre("penstock.cache/1"));
  EXPECT_THAT(plugin.descriptor().requires_, testing::Not(testing::Contains("penstock.cache/1")));
}

TEST_F(WiringTest, FollowsTheMocksSettingsUntilItStops) {
  EXPECT_EQ(control.watches(), 1U);
  plugin.stop();
  EXPECT_EQ(control.watches(), 0U);
}

TEST_F(WiringTest, ServesItsDocumentWhole) {
  const Answered answer = call(Method::Get, "/openapi.yaml");
  EXPECT_EQ(answer.response().content_type, "application/yaml");
  EXPECT_THAT(answer.response().body, testing::StartsWith("openapi: 3.1.0\n"));
  EXPECT_THAT(answer.response().body, testing::EndsWith("message: { type: string, minLength: 1 }\n"));
}

TEST_F(WiringTest, EverySeriesIsThereFromTheStart) {
  for (const char* reason : {"invalid", "malformed", "forged", "policy", "full", "unavailable"})
    EXPECT_TRUE(plugin.metrics.declared(std::string("penstock_ingest_refused_total{reason=\"") + reason + "\"}"));
  EXPECT_TRUE(plugin.metrics.declared("penstock_ingest_published_total{kind=\"inbound_message\"}"));
  EXPECT_TRUE(plugin.metrics.declared("penstock_ingest_published_total{kind=\"delivery_status\"}"));
}

}  // namespace penstock::test
