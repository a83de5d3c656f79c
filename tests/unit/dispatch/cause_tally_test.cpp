#include "shared/dispatch/cause_tally.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace penstock::dispatch {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> causesOf(const std::vector<DeadLetterGroup>& groups) {
  std::vector<std::string> causes;
  for (const DeadLetterGroup& group : groups) causes.push_back(group.cause);
  return causes;
}

TEST(CauseTally, AGroupHasTheNewestReasonAndBothEnds) {
  CauseTally tally;
  tally.add("timeout", "timeout after 3 s", WallTime(30s));
  tally.add("timeout", "timeout after 2 s", WallTime(20s));
  tally.add("timeout", "timeout after 1 s", WallTime(10s));
  const auto groups = std::move(tally).largest(10);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups.front().reason, "timeout after 3 s");
  EXPECT_EQ(groups.front().count, 3U);
  EXPECT_EQ(groups.front().first_dead_at, WallTime(10s));
  EXPECT_EQ(groups.front().last_dead_at, WallTime(30s));
}

TEST(CauseTally, TheLargestThenTheOneThatGrewLastThenByCause) {
  CauseTally tally;
  tally.add("d", "", WallTime(40s));
  tally.add("c", "", WallTime(30s));
  tally.add("b", "", WallTime(30s));
  tally.add("a", "", WallTime(20s));
  tally.add("a", "", WallTime(10s));
  EXPECT_EQ(causesOf(std::move(tally).largest(3)), (std::vector<std::string>{"a", "d", "b"}));
}

}  // namespace
}  // namespace penstock::dispatch
