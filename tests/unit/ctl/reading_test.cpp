#include "ctl/reading.h"

#include "ctl/failure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace penstock::ctl {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

Reading reading(const std::string& uptime, const std::string& counters, const std::string& more = "") {
  return Reading(
      boost::json::parse(R"({"uptime_seconds":)" + uptime + R"(,"counters":{)" + counters + "}" + more + "}"));
}

TEST(Rates, AreOverTheServicesOwnTime) {
  const Reading first = reading("10.5", R"("sent":100)");
  const Reading second = reading("12.5", R"("sent":105)");
  EXPECT_EQ(second.rate(first, "sent"), 2.5);
  EXPECT_EQ(second.rates(first).at("sent"), 2.5);
}

TEST(Rates, AreMissingWhereNothingCanBeSaid) {
  const Reading first = reading("10", R"("sent":100,"dead":null)");
  EXPECT_EQ(reading("10", R"("sent":101)").rate(first, "sent"), std::nullopt) << "no time has passed";
  EXPECT_EQ(reading("2", R"("sent":500)").rate(first, "sent"), std::nullopt) << "it was started again";
  EXPECT_EQ(reading("11", R"("sent":7)").rate(first, "sent"), std::nullopt) << "it was started again, long ago";
  EXPECT_EQ(reading("11", R"("sent":101,"dead":1)").rate(first, "dead"), std::nullopt) << "it was not known before";
  EXPECT_EQ(reading("11", "").rate(first, "unheard of"), std::nullopt);
  EXPECT_TRUE(reading("11", "").rates(first).at("sent").is_null());
}

TEST(Reading, WhatIsNoStatusIsRefused) {
  for (const char* text : {"{}", "[]", R"({"uptime_seconds":"1","counters":{}})", R"({"uptime_seconds":1})"})
    EXPECT_THROW(Reading(boost::json::parse(text)), Failure) << text;
}

TEST(Screen, ShowsWhatHurtsInCapitals) {
  const auto lines = screenOf(reading("61", "", R"(,"version":"1.0","state":"down","pid":7,
      "queue":{"engine":"pg-queue","up":false,"ready":1234,"oldest_ready_age_seconds":3},
      "breakers":[{"provider":"a","state":"closed"},{"provider":"b","state":"open"}],
      "databases":[{"engine":"pg_queue","up":false}],"sending":false,
      "waiting":{"paused":1200,"pace":0,"breaker":3},
      "policy":{"hash":"ff","last_reload_taken":false,"needs_restart":["http.public.port"]},
      "plugins":[{"plugin":"worker","state":"down","reason":"it \u001b[2J stands"}],"stalled":["http-0"])"),
                              nullptr);
  EXPECT_EQ(lines.front(), "Penstock 1.0   down   up 1 min 1 s   pid 7");
  EXPECT_THAT(lines, Contains(HasSubstr("pg-queue   AWAY, last known:   ready 1,234   leased -")));
  EXPECT_THAT(lines, Contains(HasSubstr("b OPEN")));
  EXPECT_THAT(lines, Not(Contains(HasSubstr("a closed"))));
  EXPECT_THAT(lines, Contains(HasSubstr("pg_queue DOWN")));
  EXPECT_THAT(lines, Contains(HasSubstr("STOPPED")));
  EXPECT_THAT(lines, Contains("waiting    paused 1,200   breaker 3"));
  EXPECT_THAT(lines, Contains(HasSubstr("ff   THE LAST RELOAD WAS REFUSED")));
  EXPECT_THAT(lines, Contains(HasSubstr("http.public.port")));
  EXPECT_THAT(lines, Contains(HasSubstr("worker down: it \\x1b[2J stands")));
  EXPECT_THAT(lines, Contains(HasSubstr("http-0")));
}

TEST(Screen, TellsWhatMessagesWaitForOnlyWhenSomeWait) {
  EXPECT_THAT(screenOf(reading("1", "", R"(,"waiting":{"paused":0})"), nullptr), Not(Contains(HasSubstr("waiting"))));
  EXPECT_THAT(screenOf(reading("1", "", R"(,"waiting":null)"), nullptr), Not(Contains(HasSubstr("waiting"))));
}

TEST(Screen, HasRatesOnlyBesideAnEarlierReading) {
  const Reading first = reading("1", R"("sent":0)");
  const Reading second = reading("2", R"("sent":30)");
  EXPECT_THAT(screenOf(second, nullptr), Not(Contains(HasSubstr("a second"))));
  EXPECT_THAT(screenOf(second, &first), Contains(HasSubstr("sent 30")));
}

TEST(Screen, NothingThatIsMissingBreaksIt) { EXPECT_FALSE(screenOf(reading("1", ""), nullptr).empty()); }

}  // namespace
}  // namespace penstock::ctl
