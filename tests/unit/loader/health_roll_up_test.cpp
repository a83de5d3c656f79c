#include "loader/health_roll_up.h"
#include "support/manual_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace penstock {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

class HealthRollUpTest : public testing::Test {
protected:
  test::ManualClock clock;
  std::vector<PluginHealth> plugins{{"queue", {}}, {"store", {}}};
  int asked = 0;
  HealthRollUp board{clock, [this] {
                       ++asked;
                       return plugins;
                     }};
};

TEST_F(HealthRollUpTest, IsTheWorstOfAll) {
  EXPECT_EQ(board.ready(), HealthState::Ready);
  plugins[0].health = {HealthState::Degraded, "slow"};
  clock.advance(milliseconds(250));
  EXPECT_EQ(board.ready(), HealthState::Degraded);
  plugins[1].health = {HealthState::Down, "away"};
  clock.advance(milliseconds(250));
  std::vector<PluginHealth> details{{"left over", {}}};
  EXPECT_EQ(board.ready(&details), HealthState::Down);
  ASSERT_EQ(details.size(), 2U);
  EXPECT_EQ(details[0].plugin, "queue");
  EXPECT_EQ(details[0].health.reason, "slow");
  EXPECT_EQ(details[1].health.reason, "away");
}

TEST_F(HealthRollUpTest, AsksThePluginsOnceIn250Milliseconds) {
  board.ready();
  clock.advance(milliseconds(249));
  plugins[0].health.state = HealthState::Down;
  EXPECT_EQ(board.ready(), HealthState::Ready);
  EXPECT_EQ(asked, 1);
  clock.advance(milliseconds(1));
  EXPECT_EQ(board.ready(), HealthState::Down);
  EXPECT_EQ(asked, 2);
}

TEST_F(HealthRollUpTest, IsDownWhileDrainingFromThatMomentOn) {
  EXPECT_EQ(board.ready(), HealthState::Ready);
  board.drain();
  std::vector<PluginHealth> details;
  EXPECT_EQ(board.ready(&details), HealthState::Down);
  ASSERT_EQ(details.size(), 3U);
  EXPECT_EQ(details[0].plugin, "penstock");
  EXPECT_EQ(details[0].health.reason, "the service is draining");
}

TEST_F(HealthRollUpTest, NamesTheLoopsThatMissedTheirLimit) {
  const auto slow = board.heartbeat("slow", milliseconds(1000));
  const auto quick = board.heartbeat("quick", milliseconds(100));
  EXPECT_THAT(board.stalled(), IsEmpty());
  clock.advance(milliseconds(100));
  EXPECT_THAT(board.stalled(), IsEmpty());
  clock.advance(milliseconds(1));
  EXPECT_THAT(board.stalled(), ElementsAre("quick"));
  quick->tick();
  EXPECT_THAT(board.stalled(), IsEmpty());
  clock.advance(milliseconds(1000));
  EXPECT_THAT(board.stalled(), ElementsAre("slow", "quick"));
}

TEST_F(HealthRollUpTest, ForgetsALoopThatEnded) {
  auto loop = board.heartbeat("loop", milliseconds(10));
  clock.advance(milliseconds(11));
  loop.reset();
  EXPECT_THAT(board.stalled(), IsEmpty());
}

TEST_F(HealthRollUpTest, MayBeAskedWhileLoopsTickComeAndGo) {
  std::atomic<bool> end = false;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([this, &end] {
      const auto kept = board.heartbeat("kept", milliseconds(10));
      while (!end) {
        const auto brief = board.heartbeat("brief", milliseconds(10));
        kept->tick();
        brief->tick();
      }
    });
  for (int i = 0; i < 200; ++i) {
    EXPECT_THAT(board.stalled(), IsEmpty());
    EXPECT_EQ(board.ready(), HealthState::Ready);
  }
  end = true;
}

}  // namespace
}  // namespace penstock
