#include "shared/dispatch/waits.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace penstock::dispatch {
namespace {

using namespace std::chrono_literals;

constexpr auto kTenYears = std::chrono::duration_cast<Duration>(std::chrono::years(10));

std::string released(std::string_view before, Duration delay, std::string cause) {
  return waitsAfter(before, {LeaseToken{}, Release{delay, std::move(cause)}});
}

std::string retried(std::string_view before, Duration delay) {
  return waitsAfter(before, {LeaseToken{}, RetryAfter{delay, "busy"}});
}

TEST(Waits, WhatWasNeverPutAsideHasNone) { EXPECT_TRUE(readWaits("").empty()); }

TEST(Waits, ReleasesAddUpByTheirCause) {
  const std::string text = released(released(released("", 1s, "pace"), 2s, "paused"), 250ms, "pace");
  EXPECT_EQ(text, "pace=1250000 paused=2000000");
  EXPECT_EQ(readWaits(text), (Waits{{"pace", 1250ms}, {"paused", 2s}}));
}

TEST(Waits, ARetryBeginsAnew) {
  EXPECT_EQ(readWaits(released(retried(released("", 1s, "pace"), 3s), 2s, "breaker")),
            (Waits{{"breaker", 2s}, {"held_earlier", 1s}, {"retry", 3s}}));
  EXPECT_EQ(retried("breaker=5", 0s), "");
}

TEST(Waits, WhatWasHeldBackBeforeEarlierAttemptsIsNotForgotten) {
  const std::string once = retried(released(released("", 1s, "pace"), 1h, "paused"), 3s);
  EXPECT_EQ(readWaits(once), (Waits{{"held_earlier", 1h + 1s}, {"retry", 3s}}));
  EXPECT_EQ(readWaits(retried(released(once, 2h, "paused"), 4s)), (Waits{{"held_earlier", 3h + 1s}, {"retry", 4s}}));
}

TEST(Waits, ADelayOfZeroOrLessAddsNothing) {
  EXPECT_EQ(released("pace=5", 0s, "stop"), "pace=5");
  EXPECT_EQ(released("pace=5", -1h, "stop"), "pace=5");
}

TEST(Waits, AnEndLeavesNone) {
  EXPECT_EQ(waitsAfter("pace=5", {LeaseToken{}, Done{}}), "");
  EXPECT_EQ(waitsAfter("pace=5", {LeaseToken{}, Dead{"no route"}}), "");
}

TEST(Waits, WhatIsNoNameCountsAsOther) {
  const std::string longest(kWaitCauseBytes, 'x');
  std::string text = released("", 1s, longest);
  for (const std::string& cause : {longest + 'x', std::string(), std::string("a b"), std::string("a=1"),
                                   std::string("\"quoted\""), std::string("\xff"), std::string("a\0b", 3)})
    text = released(text, 1s, cause);
  EXPECT_EQ(readWaits(text), (Waits{{longest, 1s}, {"other", 7s}}));
}

TEST(Waits, ThereAreNoMoreThanSixteenAndNoneIsLost) {
  std::string text;
  for (int i = 0; i < 100; ++i) text = released(text, 1s, std::string(29, 'x') + std::to_string(100 + i));
  const Waits waits = readWaits(text);
  EXPECT_EQ(waits.size(), kMostWaitCauses);
  Duration sum{};
  for (const auto& [cause, time] : waits) sum += time;
  EXPECT_EQ(sum, 100s);
  EXPECT_EQ(waits.at("other"), 85s);
  text = released(text, 1s, std::string(29, 'x') + "100");
  EXPECT_EQ(readWaits(text).at(std::string(29, 'x') + "100"), 2s) << "those that are there go on";
}

TEST(Waits, ASumStopsAtTenYears) {
  std::string text;
  for (int i = 0; i < 3; ++i) text = released(text, Duration::max(), "paused");
  EXPECT_EQ(readWaits(text), (Waits{{"paused", kTenYears}}));
  for (int i = 0; i < 100; ++i) text = released(text, Duration::max(), std::string(29, 'x') + std::to_string(100 + i));
  EXPECT_LT(text.size(), 1024U);
}

TEST(Waits, WhatCannotBeReadIsLeftOut) {
  EXPECT_EQ(readWaits("pace=5 =3 broken paused=x retry= lease=1e3 stop=-4 store=99999999999999999999 breaker=7"),
            (Waits{{"breaker", 7us}, {"other", 3us}, {"pace", 5us}}));
  EXPECT_EQ(readWaits("  pace=5  "), (Waits{{"pace", 5us}}));
}

}  // namespace
}  // namespace penstock::dispatch
