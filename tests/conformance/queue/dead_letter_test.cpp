#include "conformance/queue/engine_under_test.h"

#include <algorithm>

namespace penstock::test {
namespace {

class DeadLetterList : public EngineUnderTest {
protected:
  /// One dead letter a second; in the order they died.
  std::vector<Event> buryMany(std::size_t count) {
    std::vector<Event> dead;
    while (dead.size() < count) {
      dead.push_back(event());
      bury(dead.back());
      advance(1s);
    }
    return dead;
  }
};

TEST_F(DeadLetterList, ALetterTellsTheWholeStory) {
  const Event event = this->event();
  accept(event);
  end(receiveOne(), RetryAfter{10s, "503 from the provider"});
  advance(10s);
  end(receiveOne(), RetryAfter{10s, "timeout"});
  advance(10s);
  end(receiveOne(), Dead{"400 from the provider"});
  const auto letter = deadLetters().get(event.id);
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->event, event);
  EXPECT_EQ(letter->reason, "400 from the provider");
  EXPECT_EQ(letter->attempts, 3U);
  EXPECT_EQ(letter->replays, 0U);
  ASSERT_EQ(letter->failures.size(), 3U);
  const char* const reasons[] = {"503 from the provider", "timeout", "400 from the provider"};
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(letter->failures[i].attempt, i + 1);
    EXPECT_EQ(letter->failures[i].reason, reasons[i]);
    if (i > 0) {
      EXPECT_GE(letter->failures[i].at, letter->failures[i - 1].at + 10s);
    }
  }
  EXPECT_EQ(letter->dead_at, letter->failures.back().at);
}

TEST_F(DeadLetterList, AReleaseIsNoFailure) {
  const Event event = this->event();
  accept(event);
  end(receiveOne(), Release{0s, "paused"});
  end(receiveOne(), Dead{"no route"});
  const auto letter = deadLetters().get(event.id);
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->attempts, 1U);
  EXPECT_EQ(letter->failures.size(), 1U);
}

TEST_F(DeadLetterList, TheLast50FailuresAreKept) {
  const Event event = this->event();
  accept(event);
  for (int attempt = 1; attempt < 60; ++attempt) end(receiveOne(), RetryAfter{0s, std::to_string(attempt)});
  end(receiveOne(), Dead{"60"});
  const auto letter = deadLetters().get(event.id);
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->attempts, 60U);
  ASSERT_EQ(letter->failures.size(), 50U);
  EXPECT_EQ(letter->failures.front().reason, "11");
  EXPECT_EQ(letter->failures.back().reason, "60");
}

TEST_F(DeadLetterList, ReasonsOf1000BytesAreKeptWhole) {
  const Event event = this->event();
  const std::string reason = std::string(990, 'r') + "\"'\\\n\u20ac";
  bury(event, reason);
  const auto letter = deadLetters().get(event.id);
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->reason, reason);
}

TEST_F(DeadLetterList, AnEndlessReasonIsCutBetweenCharacters) {
  const Event event = this->event();
  std::string reason = "x";
  for (int i = 0; i < 400'000; ++i) reason += "\u20ac";
  bury(event, reason);
  const auto letter = deadLetters().get(event.id);
  ASSERT_TRUE(letter);
  EXPECT_LT(letter->reason.size(), 100'000U);
  EXPECT_TRUE(reason.starts_with(letter->reason));
  EXPECT_EQ(letter->reason.size() % 3, 1U);
}

TEST_F(DeadLetterList, NewestFirst) {
  auto expected = ids(buryMany(5));
  std::reverse(expected.begin(), expected.end());
  EXPECT_EQ(ids(deadList()), expected);
}

TEST_F(DeadLetterList, IdsBreakTies) {
  accept(events(20));
  for (auto batch = receive(); !batch.empty(); batch = receive()) {
    std::vector<Settlement> settlements;
    for (const Delivery& delivery : batch) settlements.push_back({delivery.token, Dead{"no route"}});
    queue().settle(settlements);
  }
  const auto letters = deadList();
  EXPECT_EQ(letters.size(), 20U);
  EXPECT_TRUE(std::is_sorted(letters.begin(), letters.end(), [](const DeadLetter& a, const DeadLetter& b) {
    return a.dead_at != b.dead_at ? a.dead_at > b.dead_at : a.event.id < b.event.id;
  }));
}

TEST_F(DeadLetterList, PagesFollowEachOtherAndCountAll) {
  auto expected = ids(buryMany(7));
  std::reverse(expected.begin(), expected.end());
  std::vector<Uuid> seen;
  for (std::uint64_t number = 1; number <= 4; ++number) {
    const DeadLetterPage page = deadLetters().list({}, {number, 3});
    EXPECT_EQ(page.total, 7U);
    EXPECT_EQ(page.items.size(), number == 3 ? 1U : number == 4 ? 0U : 3U);
    for (const Uuid& id : ids(page.items)) seen.push_back(id);
  }
  EXPECT_EQ(seen, expected);
  EXPECT_TRUE(deadLetters().list({}, {1'000'000'000, 50}).items.empty());
}

TEST_F(DeadLetterList, EachMemberOfTheFilterNarrows) {
  Event odd = event();
  odd.customer = "another";
  odd.kind = Kind::InboundMessage;
  const Event early = event();
  bury(early, "no route");
  advance(10s);
  bury(odd, "poison");
  advance(10s);
  const Event late = event();
  bury(late, "no route");
  const WallTime middle = deadLetters().get(odd.id)->dead_at;

  using ::testing::ElementsAre;
  EXPECT_THAT(ids(deadList(where(&DeadLetterFilter::customer, "another"))), ElementsAre(odd.id));
  EXPECT_THAT(ids(deadList(where(&DeadLetterFilter::reason, "no route"))), ElementsAre(late.id, early.id));
  EXPECT_THAT(ids(deadList(where(&DeadLetterFilter::reason, "no"))), ElementsAre());
  EXPECT_THAT(ids(deadList(where(&DeadLetterFilter::kind, Kind::InboundMessage))), ElementsAre(odd.id));
  EXPECT_THAT(ids(deadList(where(&DeadLetterFilter::dead_since, middle))), ElementsAre(late.id, odd.id));
  EXPECT_THAT(ids(deadList(where(&DeadLetterFilter::dead_before, middle))), ElementsAre(early.id));
  EXPECT_THAT(ids(deadList(where(&DeadLetterFilter::ids, std::vector{early.id, late.id, early.id, event().id}))),
              ElementsAre(late.id, early.id));
  EXPECT_THAT(ids(deadList(where(&DeadLetterFilter::dead_since, middle,
                                 where(&DeadLetterFilter::ids, std::vector{early.id, late.id})))),
              ElementsAre(late.id));
  EXPECT_THAT(ids(deadList(where(&DeadLetterFilter::customer, "default", where(&DeadLetterFilter::reason, "poison")))),
              ElementsAre());
  EXPECT_EQ(deadLetters().list(where(&DeadLetterFilter::reason, "no route"), {1, 1}).total, 2U);
}

TEST_F(DeadLetterList, LiveAndUnknownIdsHaveNoLetter) {
  const Event live = event();
  accept(live);
  EXPECT_FALSE(deadLetters().get(live.id));
  EXPECT_FALSE(deadLetters().get(event().id));
  end(receiveOne());
  EXPECT_FALSE(deadLetters().get(live.id));
}

TEST_F(DeadLetterList, DiscardRemovesForGood) {
  const auto dead = buryMany(3);
  const std::vector<Uuid> unwanted{dead[0].id, event().id, dead[2].id, dead[0].id};
  EXPECT_EQ(deadLetters().discard(unwanted), 2U);
  EXPECT_EQ(ids(deadList()), std::vector{dead[1].id});
  EXPECT_FALSE(deadLetters().get(dead[0].id));
  EXPECT_EQ(deadLetters().discard(unwanted), 0U);
  EXPECT_EQ(deadLetters().discard({}), 0U);
  EXPECT_EQ(queue().stats().dead, 1U);
}

TEST_F(DeadLetterList, DiscardTouchesNoLiveEvent) {
  const Event live = event();
  accept(live);
  EXPECT_EQ(deadLetters().discard(std::vector{live.id}), 0U);
  EXPECT_EQ(receiveOne().event.id, live.id);
}

TEST_F(DeadLetterList, LettersAreKeptForTheirRetentionAndNoLonger) {
  startWith({.dead_letter_retention = 24h});
  const Event first = event();
  bury(first);
  advance(12h);
  const Event second = event();
  bury(second);
  advance(11h);
  EXPECT_EQ(ids(deadList()), (std::vector{second.id, first.id}));
  advance(2h);
  EXPECT_EQ(ids(deadList()), std::vector{second.id});
  EXPECT_FALSE(deadLetters().get(first.id));
  EXPECT_EQ(queue().stats().dead, 1U);
  EXPECT_EQ(deadLetters().replay({}, 10, 0s), 1U);
}

}  // namespace
}  // namespace penstock::test
