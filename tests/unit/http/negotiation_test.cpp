#include "http/negotiation.h"

#include <gtest/gtest.h>

#include <vector>

namespace penstock::test {
namespace {

using Headers = std::vector<std::pair<std::string_view, std::string_view>>;

bool accepts(std::string_view value) { return acceptsJson(Headers{{"accept", value}}); }

TEST(Negotiation, LetsJsonThroughWhenNothingIsAsked) {
  EXPECT_TRUE(acceptsJson(Headers{}));
  EXPECT_TRUE(acceptsJson(Headers{{"accept", ""}}));
}

TEST(Negotiation, FollowsTheClosestRange) {
  for (const char* value :
       {"*/*", "application/*", "application/json", "Application/JSON;q=0.1", "text/html, */*;q=0.1",
        "application/json;charset=utf-8", "application/json , application/*;q=0", "*/*;q=0,application/*"})
    EXPECT_TRUE(accepts(value)) << value;
  for (const char* value : {"text/html", "application/xml", "application/json;q=0", "application/json; q=0.000, */*",
                            "application/problem+json", "application/*;q=0, */*", "*/*;q=0", "nonsense"})
    EXPECT_FALSE(accepts(value)) << value;
}

TEST(Negotiation, ReadsAllAcceptFields) {
  EXPECT_TRUE(acceptsJson(Headers{{"accept", "text/html"}, {"x", "y"}, {"accept", "application/json"}}));
}

TEST(Negotiation, SeesWhetherABodyIsJson) {
  EXPECT_TRUE(
      carriesJson(Headers{{"content-type", "application/json;charset=utf-8"}, {"content-encoding", "identity"}}));
  EXPECT_FALSE(carriesJson(Headers{{"content-type", "application/json"}, {"content-encoding", "gzip"}}));
  EXPECT_FALSE(carriesJson(Headers{{"content-type", "application/json, text/plain"}}));
  EXPECT_FALSE(carriesJson(Headers{}));
}

}  // namespace
}  // namespace penstock::test
