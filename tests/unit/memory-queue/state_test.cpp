#include "memory-queue/record.h"

#include <gtest/gtest.h>

namespace penstock::memory_queue {
namespace {

using namespace std::chrono_literals;

TEST(MemoryQueueRecord, AReasonIsCutBetweenCharacters) {
  EXPECT_EQ(clipped("short"), "short");
  const std::string exact(kReasonBytes, 'r');
  EXPECT_EQ(clipped(exact), exact);
  const std::string head(kReasonBytes - 1, 'r');
  EXPECT_EQ(clipped(head + "\u20AC"), head);
  EXPECT_EQ(clipped(head + "x\u20AC"), head + "x");
  EXPECT_EQ(clipped(std::string(5000, '\x80')), "");
}

TEST(MemoryQueueRecord, StepsOfTimeNeverOverflow) {
  const SteadyTime now{1000h};
  EXPECT_EQ(after(now, 1s), now + 1s);
  EXPECT_EQ(after(now, -1s), now);
  EXPECT_EQ(after(now, Duration::min()), now);
  EXPECT_EQ(after(now, Duration::max()), now + std::chrono::duration_cast<Duration>(std::chrono::years(10)));
}

}  // namespace
}  // namespace penstock::memory_queue
