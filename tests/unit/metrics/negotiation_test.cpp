#include "metrics/negotiation.h"

#include <gtest/gtest.h>

#include <string_view>
#include <utility>
#include <vector>

namespace penstock {
namespace {

Format formatFor(std::vector<std::string_view> accepts) {
  std::vector<std::pair<std::string_view, std::string_view>> headers{{"host", "localhost"}};
  for (const std::string_view accept : accepts) headers.emplace_back("accept", accept);
  HttpRequest request;
  request.headers = headers;
  return preferredFormat(request);
}

TEST(Negotiation, IsTextUnlessJsonIsAskedFor) {
  EXPECT_EQ(formatFor({}), Format::Text);
  EXPECT_EQ(formatFor({"*/*"}), Format::Text);
  EXPECT_EQ(formatFor({""}), Format::Text);
  EXPECT_EQ(formatFor({"text/html,application/xhtml+xml,*/*;q=0.8"}), Format::Text);
  EXPECT_EQ(formatFor({"image/png"}), Format::Text);
}

TEST(Negotiation, GivesPrometheusText) {
  EXPECT_EQ(formatFor({"application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"}),
            Format::Text);
}

TEST(Negotiation, IsJsonWhenJsonIsNamed) {
  EXPECT_EQ(formatFor({"application/json"}), Format::Json);
  EXPECT_EQ(formatFor({"Application/JSON; charset=utf-8"}), Format::Json);
  EXPECT_EQ(formatFor({"application/json, text/plain, */*"}), Format::Json);
  EXPECT_EQ(formatFor({"text/plain;q=0.4", "application/json;q=0.5"}), Format::Json);
  EXPECT_EQ(formatFor({"application/*"}), Format::Json);
}

TEST(Negotiation, HonoursQuality) {
  EXPECT_EQ(formatFor({"application/json;q=0.2, text/plain;q=0.9"}), Format::Text);
  EXPECT_EQ(formatFor({"application/json;q=0"}), Format::Text);
  EXPECT_EQ(formatFor({"application/json;q=0, */*"}), Format::Text);
  EXPECT_EQ(formatFor({"text/plain;q=0, */*;q=0.1"}), Format::Json);
}

TEST(Negotiation, SurvivesNonsense) {
  for (const std::string_view nonsense : {",,,;;;", "application/json;q=", "application/json;q=-1", ";q=1",
                                          "application/json;q=nan", "application/json;q=9"})
    EXPECT_EQ(formatFor({nonsense}), Format::Text) << nonsense;
}

}  // namespace
}  // namespace penstock
