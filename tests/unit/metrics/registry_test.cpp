#include "metrics/registry.h"
#include "exposed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <stdexcept>
#include <string>
#include <thread>

namespace penstock {
namespace {

using test::exposed;

constexpr CounterSpec kSent{"penstock_sent_total", "Messages that were sent."};
constexpr GaugeSpec kWaiting{"penstock_waiting", "Messages that wait."};
constexpr HistogramSpec kTime{"penstock_time_seconds", "Time of a message.", Buckets::Request};

TEST(Registry, ShowsEverySeriesAtZeroOnceDeclared) {
  Registry registry;
  registry.counter(kSent, {{"channel", "sms"}});
  registry.counter(kSent, {{"channel", "email"}});
  registry.gauge(kWaiting);
  registry.histogram(kTime);
  EXPECT_EQ(exposed(registry, R"(penstock_sent_total{channel="sms"})"), 0);
  EXPECT_EQ(exposed(registry, R"(penstock_sent_total{channel="email"})"), 0);
  EXPECT_EQ(exposed(registry, "penstock_waiting"), 0);
  EXPECT_EQ(exposed(registry, "penstock_time_seconds_count"), 0);
  EXPECT_EQ(exposed(registry, R"(penstock_time_seconds_bucket{le="+Inf"})"), 0);
}

TEST(Registry, GivesTheSameInstrumentForTheSameDeclaration) {
  Registry registry;
  EXPECT_EQ(&registry.counter(kSent, {{"a", "1"}, {"b", "2"}}), &registry.counter(kSent, {{"b", "2"}, {"a", "1"}}));
  EXPECT_NE(&registry.counter(kSent, {{"a", "1"}, {"b", "2"}}), &registry.counter(kSent, {{"a", "2"}, {"b", "2"}}));
  EXPECT_EQ(&registry.gauge(kWaiting), &registry.gauge(kWaiting));
  EXPECT_EQ(&registry.histogram(kTime), &registry.histogram(kTime));
}

TEST(Registry, RefusesANameWithAnotherTypeHelpOrBuckets) {
  static constexpr CounterSpec other_help{"penstock_sent_total", "Messages that were not sent."};
  static constexpr GaugeSpec gauge{"penstock_time_seconds", "Time of a message."};
  static constexpr HistogramSpec other_buckets{"penstock_time_seconds", "Time of a message.", Buckets::Wait};
  Registry registry;
  registry.counter(kSent);
  registry.histogram(kTime);
  EXPECT_THROW(registry.counter(other_help), std::logic_error);
  EXPECT_THROW(registry.gauge(gauge), std::logic_error);
  EXPECT_THROW(registry.histogram(other_buckets), std::logic_error);
}

TEST(Registry, RefusesNamesThatWouldShowAsOneInJson) {
  static constexpr GaugeSpec sent_now{"penstock_sent", "Messages that were sent."};
  static constexpr GaugeSpec time_count{"penstock_time_seconds_count", "Times that were taken."};
  Registry registry;
  registry.counter(kSent);
  registry.histogram(kTime);
  EXPECT_THROW(registry.gauge(sent_now), std::logic_error);
  EXPECT_THROW(registry.gauge(time_count), std::logic_error);
  EXPECT_THAT(registry.json(), testing::HasSubstr(R"("sent":0)"));
}

TEST(Registry, RefusesLabelsThatCannotBeRight) {
  Registry registry;
  for (const std::string name : {"", "le", "__name__", "1st", "Channel", "a-b", "a\"b"})
    EXPECT_THROW(registry.counter(kSent, {{name, "x"}}), std::logic_error) << name;
  EXPECT_THROW(registry.counter(kSent, {{"a", "1"}, {"a", "2"}}), std::logic_error);
  registry.counter(kSent, {{"channel", "sms"}});
  EXPECT_THROW(registry.counter(kSent, {{"kind", "sms"}}), std::logic_error);
  EXPECT_THROW(registry.counter(kSent), std::logic_error);
}

TEST(Registry, BoundsTheSeriesOfAName) {
  Registry registry;
  for (std::size_t i = 0; i < Registry::kMostSeries; ++i) registry.gauge(kWaiting, {{"id", std::to_string(i)}});
  EXPECT_THROW(registry.gauge(kWaiting, {{"id", "one more"}}), std::logic_error);
  EXPECT_NO_THROW(registry.gauge(kWaiting, {{"id", "7"}}));
}

TEST(Registry, RefusesHelpThatWouldBreakTheText) {
  static constexpr GaugeSpec broken{"penstock_broken", "Line one\nline two."};
  EXPECT_THROW(Registry().gauge(broken), std::logic_error);
}

TEST(Registry, AsksCollectorsBeforeEachExpositionUntilTheyEnd) {
  Registry registry;
  Gauge& waiting = registry.gauge(kWaiting);
  int asked = 0;
  auto collection = registry.beforeExposition([&] { waiting.set(++asked); });
  EXPECT_EQ(exposed(registry, "penstock_waiting"), 1);
  EXPECT_THAT(registry.json(), testing::HasSubstr(R"("penstock_waiting":2)"));
  collection.reset();
  EXPECT_EQ(exposed(registry, "penstock_waiting"), 2);
}

TEST(Registry, ACollectorThatThrowsIsCountedAndDisturbsNoOther) {
  Registry registry;
  Gauge& waiting = registry.gauge(kWaiting);
  const auto failing = registry.beforeExposition([] { throw std::runtime_error("away"); });
  const auto working = registry.beforeExposition([&] { waiting.set(4); });
  EXPECT_EQ(exposed(registry, "penstock_waiting"), 4);
  EXPECT_EQ(exposed(registry, "penstock_metrics_collect_failures_total"), 2);
}

TEST(Registry, ACollectorMayDeclareInstruments) {
  Registry registry;
  const auto collection = registry.beforeExposition([&] { registry.gauge(kWaiting).set(9); });
  EXPECT_EQ(exposed(registry, "penstock_waiting"), 9);
}

TEST(Registry, EndingACollectionWaitsForTheCallbackThatRuns) {
  Registry registry;
  std::latch entered(1);
  std::latch ending(1);
  std::atomic<bool> ended = false;
  bool ended_while_running = false;
  auto collection = registry.beforeExposition([&] {
    entered.count_down();
    ending.wait();
    for (int i = 0; i < 1000; ++i) std::this_thread::yield();
    ended_while_running = ended;
  });
  std::jthread scrape([&] { registry.text(); });
  entered.wait();
  ending.count_down();
  collection.reset();
  ended = true;
  scrape.join();
  EXPECT_FALSE(ended_while_running);
}

TEST(Registry, MayBeReadAndDeclaredFromManyThreads) {
  Registry registry;
  std::latch start(4);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&registry, &start, i] {
      start.arrive_and_wait();
      for (int round = 0; round < 50; ++round) {
        registry.counter(kSent, {{"round", std::to_string(round)}}).add();
        if (round % 10 == i) registry.text();
      }
    });
  threads.clear();
  for (int round = 0; round < 50; ++round)
    EXPECT_EQ(exposed(registry, "penstock_sent_total{round=\"" + std::to_string(round) + "\"}"), 4);
}

}  // namespace
}  // namespace penstock
