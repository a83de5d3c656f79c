#include "loader/queue_gauges.h"
#include "support/recorded_metrics.h"

#include <gtest/gtest.h>

#include <memory>

namespace penstock {
namespace {

class StatsQueue final : public Queue {
public:
  void publish(Event, PublishHandler handler) override { handler({}); }
  std::vector<Delivery> receive(std::size_t, Duration, Duration, std::stop_token) override { return {}; }
  std::vector<SettleVerdict> settle(std::span<const Settlement>) override { return {}; }
  QueueStats stats() override {
    if (away) throw QueueUnavailable("the engine is away");
    return now;
  }
  QueueStats now;
  bool away = false;
};

class QueueGaugesTest : public testing::Test {
protected:
  double value(const std::string& name) { return metrics.value("penstock_queue_" + name + "{queue=\"pg_queue\"}"); }

  StatsQueue queue;
  test::RecordedMetrics metrics;
  std::unique_ptr<QueueGauges> gauges = std::make_unique<QueueGauges>(metrics, queue, "pg-queue");
};

TEST_F(QueueGaugesTest, ShowTheEnginesCounts) {
  queue.now = {1, 2, 3, 4, 5, std::chrono::milliseconds(1500)};
  EXPECT_EQ(value("up"), 1);
  EXPECT_EQ(value("ready"), 1);
  EXPECT_EQ(value("leased"), 2);
  EXPECT_EQ(value("scheduled"), 3);
  EXPECT_EQ(value("dead"), 4);
  EXPECT_EQ(value("bytes"), 5);
  EXPECT_EQ(value("oldest_ready_age_seconds"), 1.5);
}

TEST_F(QueueGaugesTest, KeepTheLastCountsWhileTheEngineIsAway) {
  queue.now.ready = 7;
  EXPECT_EQ(value("ready"), 7);
  queue.away = true;
  EXPECT_EQ(value("up"), 0);
  EXPECT_EQ(value("ready"), 7);
  queue.away = false;
  queue.now.ready = 8;
  EXPECT_EQ(value("up"), 1);
  EXPECT_EQ(value("ready"), 8);
}

TEST_F(QueueGaugesTest, AskNobodyOnceDestroyed) {
  queue.now.ready = 7;
  EXPECT_EQ(value("ready"), 7);
  gauges.reset();
  queue.now.ready = 9;
  EXPECT_EQ(value("ready"), 7);
}

}  // namespace
}  // namespace penstock
