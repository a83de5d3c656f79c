#include "ctl/screen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace penstock::ctl {
namespace {

using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

Reading reading(const std::string& uptime, const std::string& counters, const std::string& more = "") {
  return Reading(
      boost::json::parse(R"({"uptime_seconds":)" + uptime + R"(,"counters":{)" + counters + "}" + more + "}"));
}

TEST(Screen, ShowsWhatHurtsInCapitals) {
  const auto lines = screenOf(reading("61", "", R"(,"version":"1.0","state":"down","pid":7,
      "queue":{"engine":"pg-queue","up":false,"ready":1234,"oldest_ready_age_seconds":3},
      "breakers":[{"provider":"a","state":"closed"},{"provider":"b","state":"open"}],
      "databases":[{"engine":"pg_queue","up":false}],"sending":false,
      "waiting":{"paused":1200,"pace":0,"breaker":3},
      "policy":{"hash":"ff","last_reload_taken":false,"needs_restart":["http.public.port"]},
      "plugins":[{"plugin":"worker","state":"down","reason":"it \u001b[2J stands"},
                 {"plugin":"http-ingest","state":"ready"},{"plugin":"metrics","state":"ready"}],"stalled":["http-0"])"),
                              nullptr);
  EXPECT_EQ(lines.at(0), "Penstock 1.0   down   up 1 min 1 s   pid 7");
  EXPECT_EQ(lines.at(1), "STALLED    http-0");
  EXPECT_EQ(lines.at(2), "NOT READY  worker down: it \\x1b[2J stands");
  EXPECT_THAT(lines, Contains(HasSubstr("pg-queue   AWAY, last known:   ready 1,234   leased -")));
  EXPECT_THAT(lines, Contains(HasSubstr("b OPEN")));
  EXPECT_THAT(lines, Not(Contains(HasSubstr("a closed"))));
  EXPECT_THAT(lines, Contains(HasSubstr("pg_queue DOWN")));
  EXPECT_THAT(lines, Contains(HasSubstr("STOPPED")));
  EXPECT_THAT(lines, Contains("waiting    paused 1,200   breaker 3"));
  EXPECT_THAT(lines, Contains(HasSubstr("ff   THE LAST RELOAD WAS REFUSED")));
  EXPECT_THAT(lines, Contains(HasSubstr("http.public.port")));
  EXPECT_EQ(lines.back(), "ready      http-ingest   metrics");
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

TEST(Screen, LosesNothingInANarrowWindow) {
  const std::string more =
      R"(,"queue":{"engine":"sqlite-queue","up":true,"ready":1234567,"leased":8912,"scheduled":34567,
      "dead":1234567,"oldest_ready_age_seconds":3})";
  const Reading first = reading("1", R"("accepted":0,"persisted":0,"sent":0,"not_sent":0,"unknown":0,"retried":0,
      "dead":0,"refused":0,"duplicates":0)",
                                more);
  const Reading second = reading("2", R"("accepted":98765,"persisted":98765,"sent":98765,"not_sent":98765,
      "unknown":98765,"retried":98765,"dead":98765,"refused":98765,"duplicates":98765)",
                                 more);
  for (const std::size_t columns : {79U, 40U}) {
    const auto lines = screenOf(second, &first, columns);
    EXPECT_THAT(lines, Each(SizeIs(testing::Le(columns))));
    EXPECT_THAT(lines, Contains(HasSubstr("oldest 3.0 s")));
    EXPECT_THAT(lines, Contains(HasSubstr("dead 1,234,567")));
    EXPECT_THAT(lines, Contains(HasSubstr("refused 98,765")));
    EXPECT_THAT(lines, Contains(HasSubstr("duplicates 98,765")));
    EXPECT_THAT(lines, Contains(StartsWith("           ")));
  }
}

TEST(Screen, NothingThatIsMissingBreaksIt) { EXPECT_FALSE(screenOf(reading("1", ""), nullptr).empty()); }

}  // namespace
}  // namespace penstock::ctl
