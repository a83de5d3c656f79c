#include "worker/shared_pace.h"

#include "support/fake_control.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <ratio>
#include <string>

namespace penstock::test {

using namespace std::chrono_literals;

/// Buckets as a store keeps them, filled by a clock that the test moves.
class SharedPaceTest : public testing::Test {
protected:
  SharedPaceTest() {
    control.on_take = [this](std::string_view name, double tokens) {
      Bucket& bucket = buckets.try_emplace(std::string(name), Bucket{tokens, now}).first->second;
      const double hours = std::chrono::duration<double, std::ratio<3600>>(now - bucket.filled_at).count();
      const double level = std::min(bucket.level + hours * tokens, tokens);
      bucket = {0, now};
      return level;
    };
  }
  static std::uint64_t taken(SharedPace& pace, std::uint64_t wanted, SteadyTime when) {
    pace.gather(wanted, when);
    const std::uint64_t got = std::min(pace.whole(), wanted);
    pace.use(got);
    return got;
  }

  struct Bucket {
    double level;
    SteadyTime filled_at;
  };
  SteadyTime now{std::chrono::hours(1)};
  std::map<std::string, Bucket> buckets;
  FakeControl control;
};

TEST_F(SharedPaceTest, ThoseWhoNeedOneLeaveTheOthersTheirs) {
  SharedPace one(control, 1h, 2);
  SharedPace other(control, 1h, 2);
  one.open("p");
  other.open("p");
  EXPECT_EQ(taken(one, 1, now), 1U);
  EXPECT_EQ(taken(other, 2, now), 1U);
  EXPECT_EQ(taken(one, 1, now), 0U);
  now += 1h;
  EXPECT_EQ(taken(one, 2, now), 2U);
  EXPECT_EQ(taken(other, 2, now), 0U);
}

TEST_F(SharedPaceTest, ALargeBatchLiesInFewBucketsAndAddsUp) {
  SharedPace pace(control, 1h, 1003);
  pace.open("p");
  EXPECT_EQ(taken(pace, 1003, now), 1003U);
  EXPECT_EQ(buckets.size(), 8U);
  EXPECT_EQ(taken(pace, 1, now), 0U);
}

TEST_F(SharedPaceTest, PartsOfATokenAreKept) {
  SharedPace pace(control, 1h, 1);
  pace.open("p");
  EXPECT_EQ(taken(pace, 1, now), 1U);
  int got = 0;
  for (int quarter = 0; quarter < 40; ++quarter) {
    now += 15min;
    got += static_cast<int>(taken(pace, 1, now));
  }
  EXPECT_EQ(got, 10);
}

TEST_F(SharedPaceTest, SaysHowLongItTakes) {
  SharedPace pace(control, 1h, 4);
  pace.open("p");
  EXPECT_EQ(taken(pace, 4, now), 4U);
  EXPECT_EQ(pace.until(1), 15min);
  EXPECT_EQ(pace.until(4), 1h);
  EXPECT_EQ(pace.until(0), 0s);
}

TEST_F(SharedPaceTest, AnotherNameHasTokensOfItsOwn) {
  SharedPace pace(control, 1h, 2);
  pace.open("p");
  taken(pace, 2, now);
  pace.open("q");
  EXPECT_EQ(taken(pace, 2, now), 2U);
}

TEST_F(SharedPaceTest, NonsenseOfTheStoreIsNoToken) {
  control.on_take = [](std::string_view, double) { return std::numeric_limits<double>::quiet_NaN(); };
  SharedPace pace(control, 1h, 2);
  pace.open("p");
  EXPECT_EQ(taken(pace, 2, now), 0U);
  now += 1h;
  control.on_take = [](std::string_view, double) { return 1e300; };
  EXPECT_EQ(taken(pace, 9, now), 2U);
}

}  // namespace penstock::test
