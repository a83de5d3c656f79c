#include "app/status_report.h"
#include "metrics/registry.h"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>

#include <map>
#include <string>

namespace penstock {
namespace {

namespace json = boost::json;

constexpr CounterSpec kSends{"penstock_sends_total", "Attempts to send that ended, by provider and outcome."};
constexpr CounterSpec kPublished{"penstock_ingest_published_total", "Events the queue accepted, by kind."};
constexpr GaugeSpec kReady{"penstock_queue_ready", "Events that could be received now."};
constexpr GaugeSpec kUp{"penstock_queue_up", "Whether the queue engine answered at the last exposition."};
constexpr GaugeSpec kOldest{"penstock_queue_oldest_ready_age_seconds", "Time the oldest ready event has been ready."};
constexpr GaugeSpec kBreaker{"penstock_breaker_open", "Whether a provider is left alone."};
constexpr GaugeSpec kWaiting{"penstock_send_waiting", "Messages that were put aside, by what they wait for."};
constexpr GaugeSpec kDatabase{"penstock_database_up", "1 while the database can be used and has the right schema."};

class StatusReportTest : public testing::Test {
protected:
  json::value told() {
    report.metrics = registry.collect();
    return json::parse(toJson(report));
  }

  Registry registry;
  StatusReport report;
};

TEST_F(StatusReportTest, SumsCountersOverTheLabelsThatAreNotAskedFor) {
  registry.counter(kSends, {{"provider", "a"}, {"outcome", "sent"}}).add(3);
  registry.counter(kSends, {{"provider", "b"}, {"outcome", "sent"}}).add(4);
  registry.counter(kSends, {{"provider", "b"}, {"outcome", "unknown"}}).add(1);
  registry.counter(kPublished, {{"kind", "outbound_message"}}).add(12'000'000'000.0);
  const json::value counters = told().at("counters");
  EXPECT_EQ(counters.at("sent"), 7);
  EXPECT_EQ(counters.at("unknown"), 1);
  EXPECT_EQ(counters.at("not_sent"), json::value());
  EXPECT_EQ(counters.at("accepted").to_number<std::int64_t>(), 12'000'000'000);
}

TEST_F(StatusReportTest, TellsTheQueueOnlyWhenThereIsOne) {
  EXPECT_TRUE(told().at("queue").is_null());
  report.queue = "pg-queue";
  registry.gauge(kReady, {{"queue", "pg_queue"}}).set(5);
  registry.gauge(kUp, {{"queue", "pg_queue"}}).set(0);
  registry.gauge(kOldest, {{"queue", "pg_queue"}}).set(1.25);
  const json::value queue = told().at("queue");
  EXPECT_EQ(queue.at("engine"), "pg-queue");
  EXPECT_EQ(queue.at("ready"), 5);
  EXPECT_EQ(queue.at("up"), false);
  EXPECT_EQ(queue.at("oldest_ready_age_seconds"), 1.25);
  EXPECT_TRUE(queue.at("leased").is_null());
}

TEST_F(StatusReportTest, NamesBreakersAndDatabases) {
  registry.gauge(kBreaker, {{"provider", "closed"}}).set(0);
  registry.gauge(kBreaker, {{"provider", "half"}}).set(0.5);
  registry.gauge(kBreaker, {{"provider", "open"}}).set(1);
  registry.gauge(kDatabase, {{"engine", "pg_store"}}).set(1);
  const json::value status = told();
  std::map<std::string, std::string> states;
  for (const json::value& each : status.at("breakers").as_array())
    states[json::value_to<std::string>(each.at("provider"))] = json::value_to<std::string>(each.at("state"));
  EXPECT_EQ(states,
            (std::map<std::string, std::string>{{"closed", "closed"}, {"half", "half_open"}, {"open", "open"}}));
  ASSERT_EQ(status.at("databases").as_array().size(), 1U);
  EXPECT_EQ(status.at("databases").as_array()[0].at("up"), true);
}

TEST_F(StatusReportTest, TellsWhatMessagesWaitForWhereSomethingSends) {
  EXPECT_TRUE(told().at("waiting").is_null());
  registry.gauge(kWaiting, {{"cause", "paused"}}).set(12);
  registry.gauge(kWaiting, {{"cause", "breaker"}}).set(0);
  EXPECT_EQ(told().at("waiting"), json::parse(R"({"paused":12,"breaker":0})"));
}

TEST_F(StatusReportTest, TellsHealthPlacesAndTime) {
  report.version = "1.2.3";
  report.uptime = std::chrono::microseconds(1'500'250);
  report.state = HealthState::Degraded;
  report.plugins = {{"worker", {HealthState::Degraded, "it says \"no\""}}, {"metrics", {}}};
  report.stalled = {"http-0"};
  report.public_place = "127.0.0.1:8080";
  report.policy = "ff";
  report.needs_restart = {"http.public.port"};
  const json::value status = told();
  EXPECT_EQ(status.at("version"), "1.2.3");
  EXPECT_NEAR(status.at("uptime_seconds").as_double(), 1.50025, 1e-6);
  EXPECT_EQ(status.at("state"), "degraded");
  EXPECT_EQ(status.at("plugins").as_array()[0].at("reason"), "it says \"no\"");
  EXPECT_TRUE(status.at("plugins").as_array()[1].at("reason").is_null());
  EXPECT_EQ(status.at("stalled"), json::parse(R"(["http-0"])"));
  EXPECT_EQ(status.at("listeners"), json::parse(R"({"public":"127.0.0.1:8080","admin":null})"));
  EXPECT_EQ(status.at("policy").at("needs_restart"), json::parse(R"(["http.public.port"])"));
  EXPECT_GT(status.at("pid").to_number<int>(), 0);
}

}  // namespace
}  // namespace penstock
