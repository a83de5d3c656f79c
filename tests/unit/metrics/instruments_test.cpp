#include "metrics/instruments.h"
#include "metrics/bounds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <latch>
#include <limits>
#include <thread>
#include <vector>

namespace penstock {
namespace {

prometheus::ClientMetric sampleOf(const Instrument& instrument) {
  prometheus::ClientMetric metric;
  instrument.sample(metric);
  return metric;
}

TEST(Counter, NeverFalls) {
  CounterSeries counter;
  counter.add(3);
  counter.add(-2);
  counter.add(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(sampleOf(counter).counter.value, 3);
}

TEST(Gauge, IsSetAndMoved) {
  GaugeSeries gauge;
  gauge.set(5);
  gauge.add(-7);
  EXPECT_EQ(sampleOf(gauge).gauge.value, -2);
}

TEST(Histogram, PutsAnObservationIntoTheBucketWhoseBoundItDoesNotExceed) {
  constexpr std::array bounds{0.1, 1.0};
  HistogramSeries histogram(bounds);
  for (const double seconds : {0.05, 0.1, 0.5, 1.0, 2.0}) histogram.observe(seconds);
  const auto sample = sampleOf(histogram).histogram;
  ASSERT_EQ(sample.bucket.size(), 3U);
  EXPECT_EQ(sample.bucket[0].cumulative_count, 2U);
  EXPECT_EQ(sample.bucket[1].cumulative_count, 4U);
  EXPECT_EQ(sample.bucket[2].cumulative_count, 5U);
  EXPECT_TRUE(std::isinf(sample.bucket[2].upper_bound));
  EXPECT_EQ(sample.sample_count, 5U);
  EXPECT_DOUBLE_EQ(sample.sample_sum, 3.65);
}

TEST(Histogram, CountsTimesBelowZeroAsZeroAndIgnoresWhatIsNoNumber) {
  HistogramSeries histogram(upperBounds(Buckets::Request));
  histogram.observe(-1);
  histogram.observe(std::numeric_limits<double>::quiet_NaN());
  const auto sample = sampleOf(histogram).histogram;
  EXPECT_EQ(sample.sample_count, 1U);
  EXPECT_EQ(sample.bucket[0].cumulative_count, 1U);
  EXPECT_EQ(sample.sample_sum, 0);
}

TEST(Histogram, BoundsAscend) {
  for (const Buckets buckets : {Buckets::Request, Buckets::Wait, Buckets::Script}) {
    const auto bounds = upperBounds(buckets);
    EXPECT_TRUE(std::is_sorted(bounds.begin(), bounds.end(), std::less_equal<>()));
    EXPECT_NO_THROW(HistogramSeries{bounds});
  }
  EXPECT_EQ(upperBounds(Buckets::Request).front(), 0.0005);
  EXPECT_EQ(upperBounds(Buckets::Request).back(), 10);
  EXPECT_EQ(upperBounds(Buckets::Wait).front(), 0.001);
  EXPECT_EQ(upperBounds(Buckets::Wait).back(), 3600);
  EXPECT_EQ(upperBounds(Buckets::Script).front(), 0.000001);
  EXPECT_EQ(upperBounds(Buckets::Script).back(), 0.01);
}

TEST(Instruments, LoseNothingWhenManyThreadsCount) {
  constexpr int threads = 12;  // more than there are cells
  constexpr int rounds = 20000;
  CounterSeries counter;
  GaugeSeries gauge;
  HistogramSeries histogram(upperBounds(Buckets::Request));
  std::latch start(threads + 1);
  {
    std::vector<std::jthread> running;
    for (int i = 0; i < threads; ++i)
      running.emplace_back([&] {
        start.arrive_and_wait();
        for (int round = 0; round < rounds; ++round) {
          counter.add(1);
          gauge.add(1);
          histogram.observe(0.25);
        }
      });
    start.arrive_and_wait();
    std::uint64_t before = 0;
    for (int i = 0; i < 200; ++i) {
      const auto sample = sampleOf(histogram).histogram;
      EXPECT_EQ(sample.bucket.back().cumulative_count, sample.sample_count);
      EXPECT_GE(sample.sample_count, before);
      before = sample.sample_count;
    }
  }
  EXPECT_EQ(sampleOf(counter).counter.value, threads * rounds);
  EXPECT_EQ(sampleOf(gauge).gauge.value, threads * rounds);
  EXPECT_EQ(sampleOf(histogram).histogram.sample_count, std::uint64_t{threads} * rounds);
  EXPECT_DOUBLE_EQ(sampleOf(histogram).histogram.sample_sum, 0.25 * threads * rounds);
}

}  // namespace
}  // namespace penstock
