#include "shared/mock/mock_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include <limits>

namespace penstock::test {

namespace json = boost::json;

MockChange read(const char* text, std::vector<Fault>& faults) {
  return MockChange::read(json::parse(text).as_object(), faults);
}

std::vector<Fault> faultsOf(const char* text, const MockSettings& present = {}) {
  std::vector<Fault> faults;
  read(text, faults).over(present, faults);
  return faults;
}

std::vector<std::string> fieldsOf(const char* text, const MockSettings& present = {}) {
  std::vector<std::string> fields;
  for (const Fault& fault : faultsOf(text, present)) fields.push_back(fault.field);
  return fields;
}

TEST(MockSettingsTest, WhatIsWrittenIsReadAgain) {
  const MockSettings settings{10, 20, 70, std::numeric_limits<std::int64_t>::min()};
  EXPECT_EQ(settings.text(), R"({"timeout_pct":10,"error_pct":20,"ratelimit_pct":70,"seed":-9223372036854775808})");
  EXPECT_EQ(MockSettings::read(settings.text()), settings);
  EXPECT_EQ(MockSettings::of(settings.members()), settings);
}

TEST(MockSettingsTest, WhatNobodyOfThisKindHasWrittenIsNotRead) {
  for (const char* text : {"", "{", "[]", "null", "{}", R"({"error_pct":1})",
                           R"({"timeout_pct":101,"error_pct":0,"ratelimit_pct":0,"seed":1})",
                           R"({"timeout_pct":-1,"error_pct":0,"ratelimit_pct":0,"seed":1})",
                           R"({"timeout_pct":50,"error_pct":50,"ratelimit_pct":1,"seed":1})",
                           R"({"timeout_pct":"5","error_pct":0,"ratelimit_pct":0,"seed":1})",
                           R"({"timeout_pct":1.0,"error_pct":0,"ratelimit_pct":0,"seed":1})",
                           R"({"timeout_pct":0,"error_pct":0,"ratelimit_pct":0,"seed":9223372036854775808})",
                           R"({"timeout_pct":0,"error_pct":0,"ratelimit_pct":0,"seed":null})"})
    EXPECT_EQ(MockSettings::read(text), std::nullopt) << text;
  EXPECT_EQ(MockSettings::read(std::string(60000, '[')), std::nullopt);
  EXPECT_EQ(MockSettings::read(std::string("\xff\0", 2)), std::nullopt);
}

TEST(MockSettingsTest, AProviderOfAnotherKindHasNone) {
  EXPECT_EQ(MockSettings::of({{"url", "https://a.example"}}), std::nullopt);
  json::object more = MockSettings{1, 2, 3, 4}.members();
  more["retry_after"] = 1.0;
  EXPECT_EQ(MockSettings::of(more), (MockSettings{1, 2, 3, 4}));
}

TEST(MockSettingsTest, WhatAChangeDoesNotNameStays) {
  std::vector<Fault> faults;
  const MockSettings present{1, 2, 3, 4};
  EXPECT_EQ(read(R"({"error_pct":50,"seed":-7})", faults).over(present, faults), (MockSettings{1, 50, 3, -7}));
  EXPECT_EQ(read("{}", faults).over(present, faults), present);
  EXPECT_EQ(read(R"({"timeout_pct":0,"error_pct":100,"ratelimit_pct":0})", faults).over(present, faults),
            (MockSettings{0, 100, 0, 4}));
  EXPECT_TRUE(faults.empty());
}

TEST(MockSettingsTest, EverythingThatIsWrongIsNamed) {
  EXPECT_THAT(fieldsOf(R"({"timeout_pct":101,"error_pct":-1,"ratelimit_pct":"1","seed":1.5,"pct":1})"),
              testing::ElementsAre("timeout_pct", "error_pct", "ratelimit_pct", "seed", "pct"));
  for (const char* text : {R"({"error_pct":null})", R"({"error_pct":true})", R"({"error_pct":1.0})",
                           R"({"error_pct":18446744073709551615})", R"({"error_pct":[1]})", R"({"error_pct":1e1})"})
    EXPECT_THAT(faultsOf(text), testing::ElementsAre(Fault{"error_pct", "must be a whole number from 0 to 100"}))
        << text;
  EXPECT_THAT(faultsOf(R"({"seed":9223372036854775808})"),
              testing::ElementsAre(Fault{"seed", "must be a whole number of 64 bits"}));
}

TEST(MockSettingsTest, MoreThanAHundredInAHundredAreRefused) {
  EXPECT_THAT(fieldsOf(R"({"timeout_pct":51,"error_pct":50})"), testing::ElementsAre("timeout_pct", "error_pct"));
  EXPECT_THAT(fieldsOf(R"({"error_pct":51})", {50, 0, 0, 1}), testing::ElementsAre("error_pct"));
  EXPECT_THAT(fieldsOf(R"({"seed":1})", {60, 60, 0, 1}),
              testing::ElementsAre("timeout_pct", "error_pct", "ratelimit_pct"));
  EXPECT_THAT(fieldsOf(R"({"error_pct":50})", {50, 0, 0, 1}), testing::IsEmpty());
  EXPECT_THAT(fieldsOf(R"({"timeout_pct":51,"error_pct":50,"x":1})"),
              testing::ElementsAre("x", "timeout_pct", "error_pct"));
}

TEST(MockSettingsTest, WhatCannotBeReadIsNotSummedUp) {
  EXPECT_THAT(fieldsOf(R"({"timeout_pct":"0","error_pct":60})", {50, 0, 0, 1}), testing::ElementsAre("timeout_pct"));
}

}  // namespace penstock::test
