#include "worker/fault_point.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace penstock::test {

/// Each case is a process of its own, because the environment is read once.
class FaultPointDeathTest : public testing::Test {
protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  static void fail(const char* plan) { setenv("PENSTOCK_FAULT_POINT", plan, 1); }
};

TEST_F(FaultPointDeathTest, KillsAtTheStepThatIsNamed) {
  EXPECT_EXIT(
      {
        fail("begun:kill");
        faultPoint("received");
        std::fputs("on", stderr);
        faultPoint("begun");
        std::fputs("off", stderr);
      },
      testing::KilledBySignal(SIGKILL), "on$");
}

TEST_F(FaultPointDeathTest, WaitsForTheTimeThatIsNamed) {
  EXPECT_EXIT(
      {
        fail("settled:kill:2");
        faultPoint("settled");
        std::fputs("on", stderr);
        faultPoint("settled");
        std::fputs("off", stderr);
      },
      testing::KilledBySignal(SIGKILL), "on$");
}

TEST_F(FaultPointDeathTest, RefusesWhatItCannotRead) {
  for (const char* plan : {"begin:kill", "begun", "begun:shoot", "begun:kill:0", "begun:kill:1x", ""}) {
    EXPECT_EXIT(
        {
          fail(plan);
          faultPoint("received");
        },
        testing::KilledBySignal(SIGABRT), "cannot be read")
        << plan;
  }
}

TEST_F(FaultPointDeathTest, DoesNothingUnlessAsked) {
  EXPECT_EXIT(
      {
        unsetenv("PENSTOCK_FAULT_POINT");
        faultPoint("begun");
        std::_Exit(0);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace penstock::test
