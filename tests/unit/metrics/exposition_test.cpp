#include "exposed.h"
#include "metrics/process_metrics.h"
#include "metrics/registry.h"
#include "support/temporary_folder.h"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>

#include <cstdio>
#include <fstream>
#include <limits>
#include <string>

namespace penstock {
namespace {

using test::linesOf;
using testing::Contains;

constexpr CounterSpec kSent{"penstock_worker_processed_total", "Messages that were sent."};
constexpr GaugeSpec kWaiting{"penstock_waiting", "Messages that wait."};
constexpr HistogramSpec kTime{"penstock_time_seconds", "Time of a message.", Buckets::Script};

boost::json::object jsonOf(Registry& registry) { return boost::json::parse(registry.json()).as_object(); }

TEST(TextExposition, NamesHelpTypeAndEverySeries) {
  Registry registry;
  registry.counter(kSent, {{"channel", "sms"}}).add(2);
  const auto lines = linesOf(registry);
  EXPECT_THAT(lines, Contains("# HELP penstock_worker_processed_total Messages that were sent."));
  EXPECT_THAT(lines, Contains("# TYPE penstock_worker_processed_total counter"));
  EXPECT_THAT(lines, Contains(R"(penstock_worker_processed_total{channel="sms"} 2)"));
}

TEST(TextExposition, WritesBoundsShortly) {
  Registry registry;
  registry.histogram(kTime).observe(0.000002);
  const auto lines = linesOf(registry);
  EXPECT_THAT(lines, Contains(R"(penstock_time_seconds_bucket{le="1e-06"} 0)"));
  EXPECT_THAT(lines, Contains(R"(penstock_time_seconds_bucket{le="2.5e-06"} 1)"));
  EXPECT_THAT(lines, Contains(R"(penstock_time_seconds_bucket{le="0.01"} 1)"));
  EXPECT_THAT(lines, Contains(R"(penstock_time_seconds_bucket{le="+Inf"} 1)"));
}

TEST(TextExposition, EscapesLabelValues) {
  Registry registry;
  registry.gauge(kWaiting, {{"why", "a\"b\\c\nd"}});
  EXPECT_THAT(linesOf(registry), Contains(R"(penstock_waiting{why="a\"b\\c\nd"} 0)"));
}

TEST(JsonExposition, SumsCountersAndGaugesOverLabelsUnderBothNames) {
  Registry registry;
  registry.counter(kSent, {{"channel", "sms"}}).add(2);
  registry.counter(kSent, {{"channel", "email"}}).add(3);
  registry.gauge(kWaiting, {{"queue", "a"}}).set(0.5);
  registry.gauge(kWaiting, {{"queue", "b"}}).set(1);
  const auto json = jsonOf(registry);
  EXPECT_EQ(json.at("penstock_worker_processed_total").as_int64(), 5);
  EXPECT_EQ(json.at("worker_processed").as_int64(), 5);
  EXPECT_EQ(json.at("penstock_waiting").as_double(), 1.5);
  EXPECT_EQ(json.at("waiting").as_double(), 1.5);
}

TEST(JsonExposition, ShowsOfAHistogramCountAndSum) {
  Registry registry;
  registry.histogram(kTime, {{"script", "validate"}}).observe(0.25);
  registry.histogram(kTime, {{"script", "retry"}}).observe(0.5);
  const auto json = jsonOf(registry);
  EXPECT_EQ(json.at("penstock_time_seconds_count").as_int64(), 2);
  EXPECT_EQ(json.at("time_seconds_count").as_int64(), 2);
  EXPECT_EQ(json.at("penstock_time_seconds_sum").as_double(), 0.75);
  EXPECT_EQ(json.at("time_seconds_sum").as_double(), 0.75);
  EXPECT_FALSE(json.contains("penstock_time_seconds"));
}

TEST(JsonExposition, StaysJsonWhateverTheValue) {
  Registry registry;
  Gauge& waiting = registry.gauge(kWaiting);
  for (const double value : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    waiting.set(value);
    EXPECT_TRUE(jsonOf(registry).at("waiting").is_null());
  }
  waiting.set(1e300);
  EXPECT_EQ(jsonOf(registry).at("waiting").as_double(), 1e300);
}

TEST(TextExposition, PassesPromtool) {
  Registry registry;
  registry.counter(kSent, {{"channel", "sms"}}).add(2);
  registry.gauge(kWaiting, {{"why", "a\"b\\c\nd"}}).set(std::numeric_limits<double>::infinity());
  registry.histogram(kTime, {{"script", "validate"}}).observe(0.25);
  registry.histogram(kTime, {{"script", "retry"}});
  const ProcessMetrics process(registry, "0.1.0");

  const test::TemporaryFolder folder;
  const std::string file = (folder.path() / "metrics.txt").string();
  std::ofstream(file) << registry.text();
  FILE* promtool = popen((PENSTOCK_PROMTOOL " check metrics 2>&1 < " + file).c_str(), "r");
  ASSERT_NE(promtool, nullptr);
  std::string said;
  for (int c = std::fgetc(promtool); c != EOF; c = std::fgetc(promtool)) said += static_cast<char>(c);
  const int status = pclose(promtool);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(said, "");
}

}  // namespace
}  // namespace penstock
