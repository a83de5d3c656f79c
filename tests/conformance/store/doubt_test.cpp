#include "conformance/store/sending_case.h"

namespace penstock::test {
namespace {

/// What a later attempt that is not sent means after one that may have been.
class DoubtCase : public SendingCase {
protected:
  /// Attempt 1 has no known end, attempt 2 is granted.
  void doubt() {
    EXPECT_FALSE(begin(intent(event, 1)).doubtful);
    end(1, AttemptOutcome::Unknown);
    EXPECT_TRUE(begin(intent(event, 2, true)).doubtful);
  }
  void endProved(std::uint32_t number, AttemptOutcome outcome, AttemptEnd how = AttemptEnd::Open) {
    Attempt ended = attempt(event, number, outcome);
    ended.end = how;
    ended.earlier_not_sent = true;
    record(ended);
  }
};

TEST_F(DoubtCase, WhatIsNotSentLaterDoesNotMakeItKnown) {
  doubt();
  end(2, AttemptOutcome::NotSent);
  EXPECT_EQ(statusOf(event), MessageStatus::Unknown);
  EXPECT_FALSE(begin(intent(event, 3)).granted);
  EXPECT_TRUE(begin(intent(event, 3, true)).doubtful);
  end(3, AttemptOutcome::NotSent);
  EXPECT_EQ(statusOf(event), MessageStatus::Unknown);
  EXPECT_TRUE(begin(intent(event, 4, true)).granted);
  end(4, AttemptOutcome::Sent);
  EXPECT_EQ(statusOf(event), MessageStatus::Sent);
}

TEST_F(DoubtCase, ALaterRefusalOrTheLastAttemptLeavesItUnknown) {
  doubt();
  end(2, AttemptOutcome::NotSent, AttemptEnd::Failed);
  EXPECT_EQ(statusOf(event), MessageStatus::Unknown);
  begin(intent(event, 3, true));
  end(3, AttemptOutcome::NotSent, AttemptEnd::Dead);
  EXPECT_EQ(statusOf(event), MessageStatus::Unknown);
}

TEST_F(DoubtCase, ALostAttemptIsADoubtToo) {
  begin(intent(event, 1));
  EXPECT_TRUE(begin(intent(event, 2, true)).doubtful);
  end(2, AttemptOutcome::NotSent);
  EXPECT_EQ(statusOf(event), MessageStatus::Unknown);
}

TEST_F(DoubtCase, WhatCertainlyWasNotSentLeavesNoDoubt) {
  begin(intent(event, 1));
  end(1, AttemptOutcome::NotSent);
  EXPECT_FALSE(begin(intent(event, 2, true)).doubtful);
  end(2, AttemptOutcome::NotSent, AttemptEnd::Dead);
  EXPECT_EQ(statusOf(event), MessageStatus::Dead);
}

TEST_F(DoubtCase, ALookupThatFindsNothingEndsIt) {
  doubt();
  endProved(2, AttemptOutcome::NotSent);
  EXPECT_EQ(statusOf(event), MessageStatus::Accepted);
  EXPECT_FALSE(begin(intent(event, 3)).doubtful);
  end(3, AttemptOutcome::NotSent, AttemptEnd::Failed);
  EXPECT_EQ(statusOf(event), MessageStatus::Failed);
}

TEST_F(DoubtCase, ALookupProvesNothingAboutItsOwnAttempt) {
  doubt();
  endProved(2, AttemptOutcome::Unknown);
  EXPECT_EQ(statusOf(event), MessageStatus::Unknown);
  EXPECT_TRUE(begin(intent(event, 3, true)).doubtful);
  end(3, AttemptOutcome::NotSent);
  EXPECT_EQ(statusOf(event), MessageStatus::Unknown);
  end(2, AttemptOutcome::NotSent);
  EXPECT_EQ(statusOf(event), MessageStatus::Accepted) << "attempt 1 has been looked up";
}

TEST_F(DoubtCase, AReplayEndsItForTheAttemptsBeforeIt) {
  doubt();
  end(2, AttemptOutcome::NotSent, AttemptEnd::Dead);
  Intent replayed = intent(event, 3);
  replayed.replayed_after = 2;
  EXPECT_FALSE(begin(replayed).doubtful);
  Intent next = intent(event, 4, true);
  next.replayed_after = 2;
  EXPECT_TRUE(begin(next).doubtful) << "the replayed attempt was lost";
  end(4, AttemptOutcome::NotSent, AttemptEnd::Dead);
  EXPECT_EQ(statusOf(event), MessageStatus::Unknown);
}

TEST_F(DoubtCase, ALostWorkerThatDidNotSendEndsIt) {
  begin(intent(event, 1));
  begin(intent(event, 2, true));
  end(2, AttemptOutcome::NotSent);
  EXPECT_EQ(statusOf(event), MessageStatus::Unknown);
  end(1, AttemptOutcome::NotSent);
  EXPECT_EQ(statusOf(event), MessageStatus::Accepted);
  EXPECT_TRUE(begin(intent(event, 3)).granted);
}

TEST_F(DoubtCase, WhoseDoubtEndsLateIsAsItsLastAttemptLeftIt) {
  doubt();
  end(2, AttemptOutcome::NotSent, AttemptEnd::Failed);
  end(1, AttemptOutcome::NotSent);
  EXPECT_EQ(statusOf(event), MessageStatus::Failed);
}

TEST_F(DoubtCase, WhatWasGivenUpWhenItsWorkerWasLostIsDeadOnceItIsKnown) {
  begin(intent(event, 1));
  begin(intent(event, 2));
  EXPECT_EQ(statusOf(event), MessageStatus::Unknown);
  end(1, AttemptOutcome::NotSent);
  EXPECT_EQ(statusOf(event), MessageStatus::Dead);
  Intent replayed = intent(event, 3);
  replayed.replayed_after = 2;
  EXPECT_TRUE(begin(replayed).granted);
}

}  // namespace
}  // namespace penstock::test
