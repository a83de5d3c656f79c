#include "conformance/queue/engine_under_test.h"

namespace penstock::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class DeadLetterCauses : public EngineUnderTest {
protected:
  void giveUp(const Event& event, const Dead& dead) {
    accept(event);
    end(receiveOne(), dead);
    advance(1s);
  }
  Event inbound(std::string provider) {
    Event made = event();
    made.kind = Kind::InboundMessage;
    made.content.provider = std::move(provider);
    made.content.provider_message_id = "their-1";
    return made;
  }
  Event outbound(std::string reason) {
    Event made = event();
    giveUp(made, {.reason = std::move(reason)});
    return made;
  }
  void crash(const Event& event) {
    accept(event);
    for (int expiry = 0; expiry < 7; ++expiry) {
      receiveOne();
      advance(kLease);
    }
    ASSERT_TRUE(receive().empty());
  }
};

TEST_F(DeadLetterCauses, ALetterSaysItsCauseAndWhoWasAsked) {
  const Event event = this->event();
  giveUp(event, {.reason = "503 from host 7", .provider = "acme"});
  const auto letter = deadLetters().get(event.id);
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->cause, causeOf("503 from host 7"));
  EXPECT_EQ(letter->provider, "acme");
  EXPECT_EQ(deadList().front().cause, letter->cause);
  EXPECT_EQ(deadList().front().provider, "acme");
}

TEST_F(DeadLetterCauses, OneThatCameBackBeforeSaysThemToo) {
  const Event event = this->event();
  accept(event);
  end(receiveOne(), RetryAfter{0s, "busy"});
  end(receiveOne(), Dead{.reason = "no room for 3", .provider = "acme"});
  const auto letter = deadLetters().get(event.id);
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->cause, causeOf("no room for 3"));
  EXPECT_EQ(letter->provider, "acme");
}

TEST_F(DeadLetterCauses, WithoutOneWhoWasAskedWhoReportedItStandsThere) {
  const Event reported = inbound("webhook");
  const Event asked = inbound("webhook");
  const Event nobody = event();
  giveUp(reported, {.reason = "no"});
  giveUp(asked, {.reason = "no", .provider = "acme"});
  giveUp(nobody, {.reason = "no"});
  EXPECT_EQ(deadLetters().get(reported.id)->provider, "webhook");
  EXPECT_EQ(deadLetters().get(asked.id)->provider, "acme");
  EXPECT_EQ(deadLetters().get(nobody.id)->provider, "");
  EXPECT_THAT(ids(deadList(where(&DeadLetterFilter::provider, "webhook"))), ElementsAre(reported.id));
  EXPECT_THAT(ids(deadList(where(&DeadLetterFilter::provider, ""))), ElementsAre(nobody.id));
  EXPECT_THAT(ids(deadList(where(&DeadLetterFilter::provider, "web"))), IsEmpty());
}

TEST_F(DeadLetterCauses, ACrashSuspectHasTheCauseOfItsReason) {
  const Event event = inbound("webhook");
  crash(event);
  const auto letter = deadLetters().get(event.id);
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->cause, causeOf("crash_suspect"));
  EXPECT_EQ(letter->provider, "webhook");
  EXPECT_THAT(ids(deadList(where(&DeadLetterFilter::cause, causeOf("crash_suspect")))), ElementsAre(event.id));
}

TEST_F(DeadLetterCauses, AFilterByCauseTakesAllReasonsOfIt) {
  const Event first = outbound("timeout after 10 s");
  const Event other = outbound("no route");
  const Event second = outbound("timeout after 20 s");
  const auto filter = where(&DeadLetterFilter::cause, causeOf("timeout after 1 s"));
  EXPECT_THAT(ids(deadList(filter)), ElementsAre(second.id, first.id));
  EXPECT_EQ(deadLetters().list(filter, {1, 1}).total, 2U);
  EXPECT_THAT(ids(deadList(where(&DeadLetterFilter::reason, "no route", filter))), IsEmpty());
  EXPECT_EQ(deadLetters().replay(filter, 10, 0s), 2U);
  EXPECT_EQ(ids(deadList()), std::vector{other.id});
}

TEST_F(DeadLetterCauses, AFilterByProviderNarrowsAReplay) {
  const Event mine = event();
  giveUp(mine, {.reason = "no", .provider = "acme"});
  giveUp(event(), {.reason = "no", .provider = "other"});
  EXPECT_EQ(deadLetters().replay(where(&DeadLetterFilter::provider, "acme"), 10, 0s), 1U);
  EXPECT_EQ(drain(), std::vector{mine.id});
}

TEST_F(DeadLetterCauses, ASecondDeathHasACauseOfItsOwn) {
  const Event event = this->event();
  giveUp(event, {.reason = "no route", .provider = "acme"});
  ASSERT_EQ(deadLetters().replay({}, 1, 0s), 1U);
  end(receiveOne(), Dead{"timeout"});
  const auto letter = deadLetters().get(event.id);
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->cause, causeOf("timeout"));
  EXPECT_EQ(letter->provider, "");
}

TEST_F(DeadLetterCauses, GroupsAreTheLargestFirstAndTellWhenTheyBeganAndEnded) {
  EXPECT_THAT(deadLetters().causes({}, 10), IsEmpty());
  const Event first = outbound("timeout after 10 s");
  outbound("no route");
  const Event last = outbound("timeout after 20 s");
  const auto groups = deadLetters().causes({}, 10);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].cause, causeOf("timeout after 1 s"));
  EXPECT_EQ(groups[0].reason, "timeout after 20 s");
  EXPECT_EQ(groups[0].count, 2U);
  EXPECT_EQ(groups[0].first_dead_at, deadLetters().get(first.id)->dead_at);
  EXPECT_EQ(groups[0].last_dead_at, deadLetters().get(last.id)->dead_at);
  EXPECT_EQ(groups[1].reason, "no route");
  EXPECT_EQ(groups[1].count, 1U);
  EXPECT_EQ(groups[1].first_dead_at, groups[1].last_dead_at);
}

TEST_F(DeadLetterCauses, OfTwoAsLargeTheOneThatGrewLastComesFirst) {
  outbound("early");
  outbound("late");
  const auto groups = deadLetters().causes({}, 10);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].reason, "late");
  EXPECT_EQ(groups[1].reason, "early");
}

TEST_F(DeadLetterCauses, OnlyTheLargestAreShownAndOnlyWhatTheFilterMatchesIsCounted) {
  outbound("timeout after 1 s");
  outbound("timeout after 2 s");
  outbound("no route");
  const Event other = inbound("webhook");
  giveUp(other, {.reason = "timeout after 3 s"});
  EXPECT_EQ(deadLetters().causes({}, 1).size(), 1U);
  EXPECT_EQ(deadLetters().causes({}, 1).front().count, 3U);
  EXPECT_THAT(deadLetters().causes({}, 0), IsEmpty());
  const auto inbound_only = deadLetters().causes(where(&DeadLetterFilter::kind, Kind::InboundMessage), 10);
  ASSERT_EQ(inbound_only.size(), 1U);
  EXPECT_EQ(inbound_only.front().count, 1U);
  const auto before = deadLetters().causes(where(&DeadLetterFilter::dead_before, deadLetters().get(other.id)->dead_at,
                                                 where(&DeadLetterFilter::cause, causeOf("timeout after 1 s"))),
                                           10);
  ASSERT_EQ(before.size(), 1U);
  EXPECT_EQ(before.front().count, 2U);
  EXPECT_EQ(before.front().reason, "timeout after 2 s");
  EXPECT_THAT(deadLetters().causes(where(&DeadLetterFilter::ids, std::vector{event().id}), 10), IsEmpty());
}

TEST_F(DeadLetterCauses, WhatIsDiscardedOrReplayedBelongsToNoGroup) {
  const Event gone = outbound("no route");
  outbound("no route");
  outbound("no route");
  deadLetters().discard(std::vector{gone.id});
  EXPECT_EQ(deadLetters().causes({}, 10).front().count, 2U);
  deadLetters().replay({}, 1, 0s);
  EXPECT_EQ(deadLetters().causes({}, 10).front().count, 1U);
}

TEST_F(DeadLetterCauses, WhatIsPastItsRetentionBelongsToNoGroup) {
  startWith({.dead_letter_retention = 24h});
  outbound("no route");
  advance(25h);
  EXPECT_THAT(deadLetters().causes({}, 10), IsEmpty());
}

TEST_F(DeadLetterCauses, EachIsCountedOnceByWhatMadeItSo) {
  giveUp(event(), {.reason = "never", .grounds = Grounds::Rejected});
  giveUp(event(), {.reason = "too often", .grounds = Grounds::GaveUp});
  giveUp(event(), {.reason = "nobody", .grounds = Grounds::NoRoute});
  giveUp(event(), {.reason = "may have left", .grounds = Grounds::Unknown});
  giveUp(event(), {.reason = "no word for it"});
  crash(event());
  accept(event());
  end(receiveOne(), RetryAfter{1h, "not dead"});
  for (const Grounds grounds : kGrounds)
    EXPECT_EQ(metric("penstock_queue_dead_letters_total", word(grounds)), grounds == Grounds::Unreadable ? 0 : 1)
        << word(grounds);
}

TEST_F(DeadLetterCauses, ASettlementThatCameTooLateIsNotCounted) {
  accept(event());
  const Delivery late = receiveOne();
  advance(kLease + 1s);
  EXPECT_EQ(settle(late, Dead{.reason = "never", .grounds = Grounds::Rejected}), SettleVerdict::LeaseLost);
  EXPECT_EQ(metric("penstock_queue_dead_letters_total", "rejected"), 0);
}

}  // namespace
}  // namespace penstock::test
