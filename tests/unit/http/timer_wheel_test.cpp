#include "http/timer_wheel.h"

#include <gtest/gtest.h>

#include <memory>

namespace penstock::test {
namespace {

using namespace std::chrono_literals;

class Wheel : public ::testing::Test {
protected:
  struct Entry final : TimerWheel::Entry {
    int expired = 0;
    void expire(SteadyTime) noexcept override { ++expired; }
  };
  void at(Duration span) { wheel.advance(start + span); }

  const SteadyTime start{1h};
  TimerWheel wheel{start};
  Entry entry;
};

TEST_F(Wheel, ExpiresAtTheFirstTickAfterTheDeadline) {
  wheel.set(entry, start + 250ms);
  at(250ms);
  EXPECT_EQ(entry.expired, 0);
  at(300ms);
  EXPECT_EQ(entry.expired, 1);
  at(10s);
  EXPECT_EQ(entry.expired, 1);
}

TEST_F(Wheel, FollowsDeadlinesThatMove) {
  wheel.set(entry, start + 1s);
  wheel.set(entry, start + 5s);
  at(4s);
  EXPECT_EQ(entry.expired, 0);
  wheel.set(entry, start + 4200ms);
  at(4300ms);
  EXPECT_EQ(entry.expired, 1);
}

TEST_F(Wheel, KeepsDeadlinesBeyondItsCircumference) {
  wheel.set(entry, start + 2min);
  for (Duration now = 0s; now < 2min; now += 700ms) at(now);
  EXPECT_EQ(entry.expired, 0);
  at(121s);
  EXPECT_EQ(entry.expired, 1);
}

TEST_F(Wheel, NeverExpiresWhatHasNoDeadline) {
  wheel.set(entry, TimerWheel::kNever);
  at(1h);
  EXPECT_EQ(entry.expired, 0);
  wheel.set(entry, start + 1h);
  at(1h + 100ms);
  EXPECT_EQ(entry.expired, 1);
}

TEST_F(Wheel, ForgetsWhatIsRemovedOrDestroyed) {
  auto other = std::make_unique<Entry>();
  wheel.set(entry, start + 1s);
  wheel.set(*other, start + 1s);
  TimerWheel::remove(entry);
  other.reset();
  at(2s);
  EXPECT_EQ(entry.expired, 0);
}

TEST_F(Wheel, CatchesUpAfterAStall) {
  Entry later;
  wheel.set(entry, start + 1s);
  wheel.set(later, start + 59s);
  at(60s);
  EXPECT_EQ(entry.expired, 1);
  EXPECT_EQ(later.expired, 1);
}

}  // namespace
}  // namespace penstock::test
