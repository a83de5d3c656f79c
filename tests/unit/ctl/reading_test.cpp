#include "ctl/reading.h"

#include "ctl/failure.h"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace penstock::ctl {
namespace {

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

}  // namespace
}  // namespace penstock::ctl
