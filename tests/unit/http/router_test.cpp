#include "http/router.h"
#include "support/recorded_metrics.h"

#include <gmock/gmock.h>

namespace penstock::test {
namespace {

using ::testing::ElementsAre;

class Routers : public ::testing::Test {
protected:
  void add(Method method, std::string_view pattern) {
    Route route;
    route.method = method;
    route.pattern = pattern;
    route.handler = [](HttpRequest&, Responder) {};
    router.add(std::move(route), seconds);
  }
  std::string find(Verb verb, std::string_view path) {
    const Router::Match match = router.find(verb, path, parameters);
    if (match.bad_escape) return "bad";
    if (match.entry != nullptr) return std::string(match.entry->route.pattern);
    return match.allow.empty() ? "none" : "allow " + std::string(match.allow);
  }

  static constexpr HistogramSpec kSeconds{"penstock_test_seconds", "Time of a test.", Buckets::Request};
  RecordedMetrics metrics;
  Histogram& seconds = metrics.histogram(kSeconds);
  Router router;
  std::vector<std::string> parameters;
};

TEST_F(Routers, PreferLiteralsFromLeftToRight) {
  add(Method::Get, "/api/{kind}/{id}");
  add(Method::Get, "/api/messages/{id}");
  add(Method::Get, "/api/messages/sent");
  add(Method::Get, "/api/{kind}/sent");
  add(Method::Post, "/api/messages/sms");
  EXPECT_EQ(find(Verb::Get, "/api/messages/sent"), "/api/messages/sent");
  EXPECT_EQ(find(Verb::Get, "/api/messages/1"), "/api/messages/{id}");
  EXPECT_THAT(parameters, ElementsAre("1"));
  EXPECT_EQ(find(Verb::Get, "/api/other/sent"), "/api/{kind}/sent");
  EXPECT_THAT(parameters, ElementsAre("other"));
  EXPECT_EQ(find(Verb::Get, "/api/other/1"), "/api/{kind}/{id}");
  EXPECT_THAT(parameters, ElementsAre("other", "1"));
  EXPECT_EQ(find(Verb::Get, "/api/messages/sms"), "allow POST");
  EXPECT_EQ(find(Verb::Head, "/api/messages/1"), "/api/messages/{id}");
}

TEST_F(Routers, KnowWhatIsNotThere) {
  add(Method::Get, "/");
  add(Method::Get, "/a/{x}");
  add(Method::Get, "/docs/");
  EXPECT_EQ(find(Verb::Get, "/"), "/");
  EXPECT_EQ(find(Verb::Get, "/docs/"), "/docs/");
  for (const char* path : {"/a", "/a/", "/a/b/", "/a/b/c", "//", "//a", "/docs", "/A/b"})
    EXPECT_EQ(find(Verb::Get, path), "none") << path;
  EXPECT_EQ(find(Verb::Get, "/a/%zz"), "bad");
  EXPECT_EQ(find(Verb::Get, "/%61/x%2fy"), "/a/{x}");
  EXPECT_THAT(parameters, ElementsAre("x/y"));
}

TEST_F(Routers, RefuseWhatIsTakenOrMalformed) {
  add(Method::Get, "/a/{x}");
  add(Method::Put, "/a/{y}");
  EXPECT_EQ(find(Verb::Post, "/a/1"), "allow GET, HEAD, PUT");
  EXPECT_THROW(add(Method::Get, "/a/{z}"), std::invalid_argument);
  for (const char* pattern : {"", "a", "/a{b}", "/{}", "/a?b", "/%61"})
    EXPECT_THROW(add(Method::Get, pattern), std::invalid_argument) << pattern;
  EXPECT_THROW(router.add(Route{}, seconds), std::invalid_argument);
}

}  // namespace
}  // namespace penstock::test
