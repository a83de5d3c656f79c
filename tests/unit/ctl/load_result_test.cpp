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

}  // namespace
}  // namespace penstock::ctl
