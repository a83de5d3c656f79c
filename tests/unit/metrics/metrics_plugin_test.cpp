#include "metrics/registry.h"
#include "support/plugin_fixture.h"
#include "support/stub_http.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock {
namespace {

class MetricsPluginTest : public testing::Test {
protected:
  void SetUp() override {
    plugin.lend<Http>(http);
    plugin.lend<Exposition>(registry);
    plugin.start();
  }
  HttpResponse scrape(const test::StubHttp::Headers& headers = {}) {
    return http.call(Method::Get, "/metrics", headers).get().response.value();
  }

  test::StubHttp http;
  Registry registry;
  test::PluginFixture plugin{METRICS_PLUGIN};
};

TEST_F(MetricsPluginTest, ServesThePublicListenerAlsoWhileDraining) {
  const Route& route = http.route(Method::Get, "/metrics");
  EXPECT_EQ(route.listener, ListenerName::Public);
  EXPECT_TRUE(route.during_drain);
}

TEST_F(MetricsPluginTest, AnswersTextWithTheTypePrometheusInsistsOn) {
  const HttpResponse answer = scrape();
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_TRUE(answer.body.starts_with("# HELP penstock_metrics_collect_failures_total "));
}

TEST_F(MetricsPluginTest, AnswersJsonToWhoAcceptsIt) {
  const HttpResponse answer = scrape({{"accept", "application/json"}});
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.content_type, "application/json");
  EXPECT_EQ(answer.body, R"({"penstock_metrics_collect_failures_total":0,"metrics_collect_failures":0})");
}

TEST_F(MetricsPluginTest, AnswersAfterStopInsteadOfFalling) {
  plugin.stop();
  EXPECT_EQ(http.call(Method::Get, "/metrics").get().status(), 503U);
}

}  // namespace
}  // namespace penstock
