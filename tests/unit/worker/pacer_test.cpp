#include "worker/pacer.h"

#include <gtest/gtest.h>

namespace penstock::test {

using namespace std::chrono_literals;

class PacerTest : public testing::Test {
protected:
  /// So many messages ask; how many may leave.
  static int leave(Pacer& pacer, SteadyTime now, int messages) {
    int left = 0;
    for (int i = 0; i < messages; ++i) left += pacer.admit(now) ? 0 : 1;
    return left;
  }
  /// As leave, after they have been given all they ask for.
  static int leaveGranted(Pacer& pacer, SteadyTime now, int messages) {
    const int before = leave(pacer, now, messages);
    pacer.grant(pacer.demand(), now, now);
    return before + leave(pacer, now, messages);
  }

  const SteadyTime start{std::chrono::hours(1)};
};

TEST_F(PacerTest, WithoutAnIntervalAllMayLeave) {
  Pacer pacer(0s, 2);
  pacer.run(true);
  EXPECT_EQ(leave(pacer, start, 100), 100);
  EXPECT_EQ(pacer.demand(), 0U);
}

TEST_F(PacerTest, StoppedNoneMayLeave) {
  Pacer pacer(0s, 2);
  EXPECT_EQ(leave(pacer, start, 3), 0);
  pacer.run(true);
  EXPECT_EQ(leave(pacer, start, 3), 3);
  pacer.run(false);
  EXPECT_EQ(leave(pacer, start, 3), 0);
  EXPECT_EQ(pacer.demand(), 0U);
}

TEST_F(PacerTest, TheFirstIntervalBeginsAtOnceAndEachHasItsBatch) {
  Pacer pacer(120s, 2);
  pacer.run(true);
  EXPECT_EQ(leaveGranted(pacer, start, 5), 2);
  EXPECT_EQ(leaveGranted(pacer, start + 119s, 5), 0);
  EXPECT_EQ(leaveGranted(pacer, start + 120s, 5), 2);
  EXPECT_EQ(leaveGranted(pacer, start + 239s, 5), 0);
  EXPECT_EQ(leaveGranted(pacer, start + 241s, 5), 2) << "a late one";
  EXPECT_EQ(leaveGranted(pacer, start + 360s, 5), 2) << "does not put off the next";
}

TEST_F(PacerTest, AsksForNoMoreThanMessagesThatAreThereAndThanABatch) {
  Pacer pacer(1h, 5);
  pacer.run(true);
  EXPECT_EQ(pacer.demand(), 0U);
  leave(pacer, start, 2);
  EXPECT_EQ(pacer.demand(), 2U);
  leave(pacer, start, 9);
  EXPECT_EQ(pacer.demand(), 0U) << "the same messages, while they are asked for";
  pacer.grant(2, start, start);
  EXPECT_EQ(leave(pacer, start, 9), 2);
  EXPECT_EQ(pacer.demand(), 3U);
}

TEST_F(PacerTest, OneThatComesAgainBeforeItsAnswerIsNotAnotherOne) {
  Pacer pacer(1h, 5);
  pacer.run(true);
  const Duration soon = pacer.admit(start).value();
  EXPECT_EQ(pacer.admit(start + soon), soon);
  EXPECT_EQ(pacer.demand(), 1U);
  EXPECT_EQ(pacer.admit(start + 2 * soon), soon);
  pacer.grant(1, start + 2 * soon, start + 2 * soon);
  EXPECT_EQ(pacer.demand(), 0U);
  EXPECT_FALSE(pacer.admit(start + 3 * soon));
}

TEST_F(PacerTest, WhatIsNotGrantedDoesNotLeaveAndIsNotAskedForBeforeItsTime) {
  Pacer pacer(1h, 5);
  pacer.run(true);
  leave(pacer, start, 5);
  pacer.demand();
  pacer.grant(1, start, start + 10min);
  EXPECT_EQ(leave(pacer, start, 5), 1);
  EXPECT_EQ(pacer.demand(), 0U);
  leave(pacer, start + 10min, 9);
  EXPECT_EQ(pacer.demand(), 4U);
}

TEST_F(PacerTest, IntervalsThatWereSleptThroughAreNotMadeUpFor) {
  Pacer pacer(1s, 5);
  pacer.run(true);
  leaveGranted(pacer, start, 9);
  EXPECT_EQ(leaveGranted(pacer, start + 10s, 9), 5);
  EXPECT_EQ(leaveGranted(pacer, start + 10s, 9), 0);
  EXPECT_EQ(leaveGranted(pacer, start + 11s, 9), 5);
}

TEST_F(PacerTest, WhatWasGrantedAndDidNotLeaveIsPartOfTheNextInterval) {
  Pacer pacer(1s, 5);
  pacer.run(true);
  leave(pacer, start, 5);
  pacer.demand();
  pacer.grant(5, start, start);
  EXPECT_EQ(leaveGranted(pacer, start + 1s, 9), 5);
}

TEST_F(PacerTest, APlaceThatWasGivenBackIsAnothers) {
  Pacer pacer(1h, 1);
  pacer.run(true);
  EXPECT_EQ(leaveGranted(pacer, start, 1), 1);
  EXPECT_EQ(leave(pacer, start, 1), 0);
  pacer.giveBack();
  EXPECT_EQ(leave(pacer, start, 2), 1);
}

TEST_F(PacerTest, AStartOpensAnIntervalAtOnce) {
  Pacer pacer(1h, 2);
  pacer.run(true);
  EXPECT_EQ(leaveGranted(pacer, start, 5), 2);
  pacer.run(false);
  EXPECT_EQ(leaveGranted(pacer, start, 5), 0);
  pacer.run(true);
  EXPECT_EQ(leaveGranted(pacer, start, 5), 2);
}

TEST_F(PacerTest, SaysWhenThereIsSomethingToAskFor) {
  Pacer pacer(1h, 2);
  int calls = 0;
  pacer.onDemand([&] { ++calls; });
  leave(pacer, start, 1);
  EXPECT_EQ(calls, 0) << "stopped";
  pacer.run(true);
  leave(pacer, start, 5);
  EXPECT_EQ(calls, 1);
}

TEST_F(PacerTest, ThoseWhoseTurnComesSoonAreToldWhenTheOthersAskFromTimeToTime) {
  Pacer pacer(10s, 2);
  pacer.run(true);
  leaveGranted(pacer, start, 2);
  EXPECT_EQ(pacer.admit(start + 1s), 1s);
  EXPECT_EQ(pacer.admit(start + 9500ms), 500ms);
  EXPECT_EQ(pacer.admit(start + 9500ms), 500ms);
  EXPECT_GE(pacer.admit(start + 9500ms).value(), 1s) << "two are enough";
}

TEST_F(PacerTest, WhoHasWaitedLongAsksSeldomUntilTheNextStart) {
  Pacer pacer(0s, 2);
  EXPECT_EQ(pacer.admit(start), 1s);
  EXPECT_EQ(pacer.admit(start + 10s), 1s);
  EXPECT_EQ(pacer.admit(start + 100s), 10s);
  EXPECT_EQ(pacer.admit(start + 24h), 30s);
  pacer.run(false);
  EXPECT_EQ(pacer.admit(start + 48h), 1s);
}

TEST_F(PacerTest, NobodyIsToldToComeSoLateThatAStopAndAStartWouldBeMissed) {
  for (const bool running : {true, false}) {
    Pacer pacer(7 * 24h, 2);
    pacer.run(running);
    leaveGranted(pacer, start, 2);
    Duration last{};
    for (int i = 0; i < 1000; ++i) {
      const Duration wait = pacer.admit(start).value();
      EXPECT_GE(wait, last) << "one after the other";
      last = wait;
    }
    EXPECT_GT(last, 5s);
    EXPECT_LT(last, 7s);
    for (int i = 0; i < 1'000'000; ++i) last = std::max(last, pacer.admit(start).value());
    EXPECT_EQ(last, running ? 10min : 1min);
  }
}

}  // namespace penstock::test
