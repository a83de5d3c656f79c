#include "app/watchdog.h"

#include "support/manual_clock.h"

#include <gtest/gtest.h>

namespace penstock::test {
namespace {

using namespace std::chrono_literals;
using Act = Watchdog::Act;

const std::vector<std::string> kNone;
const std::vector<std::string> kOne{"worker-0"};

TEST(Watchdog, IsFedEachTimeThatHalfItsLimitHasPassed) {
  ManualClock clock;
  Watchdog watchdog(30s, clock);
  EXPECT_EQ(watchdog.ask(kNone), Act::Nothing);
  clock.advance(15s - 1us);
  EXPECT_EQ(watchdog.ask(kNone), Act::Nothing);
  clock.advance(1us);
  EXPECT_EQ(watchdog.ask(kNone), Act::Feed);
  EXPECT_EQ(watchdog.ask(kNone), Act::Nothing);
  clock.advance(15s);
  EXPECT_EQ(watchdog.ask(kNone), Act::Feed);
}

TEST(Watchdog, IsNotFedWhileALoopStandsStillAndThatIsSaidOnce) {
  ManualClock clock;
  Watchdog watchdog(30s, clock);
  EXPECT_EQ(watchdog.ask(kOne), Act::Nothing);
  clock.advance(15s);
  EXPECT_EQ(watchdog.ask(kOne), Act::Withhold);
  for (int second = 0; second < 60; ++second) {
    clock.advance(1s);
    EXPECT_EQ(watchdog.ask(kOne), Act::Nothing);
  }
}

TEST(Watchdog, IsFedAsSoonAsTheLoopsAdvanceAgain) {
  ManualClock clock;
  Watchdog watchdog(30s, clock);
  clock.advance(20s);
  EXPECT_EQ(watchdog.ask(kOne), Act::Withhold);
  clock.advance(1s);
  EXPECT_EQ(watchdog.ask(kNone), Act::Feed);
  clock.advance(15s);
  EXPECT_EQ(watchdog.ask(kOne), Act::Withhold);
}

TEST(Watchdog, CountsFromTheRestart) {
  ManualClock clock;
  Watchdog watchdog(30s, clock);
  clock.advance(14s);
  watchdog.restart();
  clock.advance(14s);
  EXPECT_EQ(watchdog.ask(kNone), Act::Nothing);
  clock.advance(1s);
  EXPECT_EQ(watchdog.ask(kNone), Act::Feed);
}

TEST(Watchdog, WithoutALimitWantsNothing) {
  ManualClock clock;
  Watchdog watchdog(Duration::zero(), clock);
  clock.advance(1h);
  EXPECT_EQ(watchdog.ask(kNone), Act::Nothing);
  EXPECT_EQ(watchdog.ask(kOne), Act::Nothing);
}

}  // namespace
}  // namespace penstock::test
