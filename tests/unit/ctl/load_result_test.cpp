#include "ctl/bench_load.h"

#include <gtest/gtest.h>

namespace penstock::ctl {
namespace {

TEST(LoadResult, TellsRateAndPercentiles) {
  LoadResult result;
  EXPECT_EQ(result.perSecond(), 0);
  EXPECT_EQ(result.percentile(0.99), 0);
  result.seconds = 2;
  result.accepted = 5;
  result.latencies = {1, 2, 3, 4, 5};
  EXPECT_EQ(result.perSecond(), 2.5);
  EXPECT_EQ(result.percentile(0.5), 3);
  EXPECT_EQ(result.percentile(0.99), 5);
  EXPECT_EQ(result.percentile(1), 5);
}

TEST(LoadResult, CountsRefusalsByStatusAndCode) {
  LoadResult result;
  result.refuse({503, "queue_full", "The queue is full."});
  result.refuse({503, "queue_full", "The queue is full, as before."});
  result.refuse({400, "validation_failed", "The message is wrong."});
  result.refuse({503, "", "the service answered 503"});
  EXPECT_EQ(result.refused(), 4U);
  ASSERT_EQ(result.refusals.size(), 3U);
  EXPECT_EQ(result.refusals.at({503, "queue_full"}).count, 2U);
  EXPECT_EQ(result.refusals.at({503, "queue_full"}).first.sentence, "The queue is full.");
}

}  // namespace
}  // namespace penstock::ctl
