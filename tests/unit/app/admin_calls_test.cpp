#include "app/admin_calls.h"
#include "support/stub_http.h"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace penstock {
namespace {

using test::StubAnswer;

class AdminCallsTest : public testing::Test {
protected:
  AdminCallsTest() { calls.addTo(http); }

  AdminCalls::Work work() {
    return {[this] {
              ++reloads;
              return report;
            },
            [this] { return status; }, std::chrono::milliseconds(1500)};
  }
  static boost::json::value body(const StubAnswer& answer) { return boost::json::parse(answer.response.value().body); }

  int woken = 0;
  int reloads = 0;
  ReloadReport report{true, {}, {"policy.deadline"}, {"http.public.port"}, {}, "abc"};
  std::string status = R"({"version":"1"})";
  test::StubHttp http;
  AdminCalls calls{[this] { ++woken; }};
};

TEST_F(AdminCallsTest, AreOnTheAdminListenerOnly) {
  EXPECT_EQ(http.route(Method::Post, "/admin/reload").listener, ListenerName::Admin);
  EXPECT_EQ(http.route(Method::Post, "/admin/drain").listener, ListenerName::Admin);
  EXPECT_EQ(http.route(Method::Get, "/admin/status").listener, ListenerName::Admin);
}

TEST_F(AdminCallsTest, WaitForTheSignalLoopWhichIsWoken) {
  auto answer = http.call(Method::Post, "/admin/reload");
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(reloads, 0);
  EXPECT_FALSE(calls.work(work()));
  EXPECT_EQ(reloads, 1);
  EXPECT_EQ(answer.get().status(), 200U);
  EXPECT_FALSE(calls.work(work()));
  EXPECT_EQ(reloads, 1);
}

TEST_F(AdminCallsTest, AReloadTellsWhatChangedAndWhatNeedsARestart) {
  auto answer = http.call(Method::Post, "/admin/reload");
  calls.work(work());
  EXPECT_EQ(body(answer.get()), boost::json::parse(R"({"status":"reloaded","changed":["policy.deadline"],
    "needs_restart":["http.public.port"],"kept_old":[],"policy":"abc"})"));
}

TEST_F(AdminCallsTest, ARefusedReloadNamesEveryPlace) {
  report = {};
  report.faults = {"/s/validate.lua:2: 'then' expected", "it is all wrong"};
  auto asked = http.call(Method::Post, "/admin/reload");
  calls.work(work());
  const StubAnswer answer = asked.get();
  ASSERT_TRUE(answer.problem);
  EXPECT_EQ(answer.problem->status, 422U);
  EXPECT_EQ(answer.problem->code, "reload_refused");
  EXPECT_EQ(answer.problem->errors,
            (std::vector<Fault>{{"/s/validate.lua:2", "'then' expected"}, {"configuration", "it is all wrong"}}));
}

TEST_F(AdminCallsTest, ADrainIsAnsweredBeforeItBegins) {
  auto answer = http.call(Method::Post, "/admin/drain");
  EXPECT_TRUE(calls.work(work()));
  const StubAnswer told = answer.get();
  EXPECT_EQ(told.status(), 202U);
  EXPECT_EQ(body(told).at("drain_timeout_ms"), 1500);
  EXPECT_FALSE(calls.work(work()));
}

TEST_F(AdminCallsTest, TheStatusIsPassedOnAndItsFailureIsA500) {
  auto good = http.call(Method::Get, "/admin/status");
  calls.work(work());
  EXPECT_EQ(good.get().response.value().body, status);
  status.clear();
  auto bad = http.call(Method::Get, "/admin/status");
  calls.work(work());
  EXPECT_EQ(bad.get().status(), 500U);
}

TEST_F(AdminCallsTest, OnceClosedNobodyWaits) {
  auto waiting = http.call(Method::Post, "/admin/reload");
  calls.close();
  EXPECT_EQ(waiting.get().problem.value().code, "draining");
  EXPECT_EQ(http.call(Method::Post, "/admin/drain").get().status(), 503U);
  EXPECT_FALSE(calls.work(work()));
  EXPECT_EQ(reloads, 0);
}

TEST_F(AdminCallsTest, PagesInABrowserAreRefused) {
  EXPECT_EQ(http.call(Method::Post, "/admin/drain", {{"origin", "http://a.example"}}).get().status(), 403U);
  EXPECT_EQ(http.call(Method::Get, "/admin/status", {{"sec-fetch-site", "cross-site"}}).get().status(), 403U);
  EXPECT_FALSE(calls.work(work()));
}

}  // namespace
}  // namespace penstock
