#include "metrics/scrapes.h"
#include "support/captured_log.h"
#include "support/manual_clock.h"
#include "support/recorded_metrics.h"
#include "support/stub_http.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <vector>

namespace penstock {
namespace {

/// Writes only when the test lets it.
class HeldExposition final : public Exposition {
public:
  std::string text() override { return write("text"); }
  std::string json() override { return write("json"); }
  void awaitWriting() { entered_.acquire(); }
  void release(int times) { released_.release(times); }
  bool failing = false;
  std::atomic<int> written = 0;

private:
  std::string write(std::string body) {
    ++written;
    entered_.release();
    released_.acquire();
    if (failing) throw std::runtime_error("no memory");
    return body;
  }
  std::counting_semaphore<> entered_{0};
  std::counting_semaphore<> released_{0};
};

class ScrapesTest : public testing::Test {
protected:
  std::future<test::StubAnswer> ask(Format format) {
    auto sink = std::make_shared<test::AnswerSink>();
    auto answer = sink->answer();
    scrapes.ask(format, Responder(std::move(sink)));
    return answer;
  }

  HeldExposition exposition;
  test::RecordedMetrics metrics;
  test::ManualClock clock;
  test::CapturedLog log{"metrics"};
  Scrapes scrapes{exposition, metrics, clock, log.log(), 3};
};

TEST_F(ScrapesTest, NeverMakeTheAskingThreadWait) {
  auto first = ask(Format::Text);  // would never come back if it waited for the exposition
  exposition.awaitWriting();
  exposition.release(1);
  EXPECT_EQ(first.get().response->body, "text");
}

TEST_F(ScrapesTest, ThatWaitTogetherShareOneWriting) {
  auto first = ask(Format::Text);
  exposition.awaitWriting();
  std::vector<std::future<test::StubAnswer>> waiting;
  for (int i = 0; i < 3; ++i) waiting.push_back(ask(Format::Json));
  exposition.release(2);
  EXPECT_EQ(first.get().status(), 200U);
  for (auto& answer : waiting) EXPECT_EQ(answer.get().response->body, "json");
  EXPECT_EQ(exposition.written, 2);
  EXPECT_EQ(metrics.value("penstock_metrics_scrapes_total{format=\"text\"}"), 1);
  EXPECT_EQ(metrics.value("penstock_metrics_scrapes_total{format=\"json\"}"), 3);
}

TEST_F(ScrapesTest, BeyondTheBoundAreRefusedAtOnce) {
  auto written = ask(Format::Text);
  exposition.awaitWriting();
  std::vector<std::future<test::StubAnswer>> waiting;
  for (int i = 0; i < 3; ++i) waiting.push_back(ask(Format::Text));
  const test::StubAnswer refused = ask(Format::Json).get();
  EXPECT_EQ(refused.status(), 503U);
  EXPECT_EQ(refused.problem->code, "too_many_scrapes");
  EXPECT_EQ(refused.problem->retry_after, 1U);
  EXPECT_EQ(metrics.value("penstock_metrics_scrapes_refused_total"), 1);
  exposition.release(2);
  for (auto& answer : waiting) EXPECT_EQ(answer.get().status(), 200U);
}

TEST_F(ScrapesTest, AreAllAnsweredByStopAndRefusedAfterIt) {
  auto first = ask(Format::Text);
  exposition.awaitWriting();
  auto second = ask(Format::Json);
  exposition.release(2);
  scrapes.stop();
  EXPECT_EQ(first.get().status(), 200U);
  EXPECT_EQ(second.get().status(), 200U);
  const test::StubAnswer late = ask(Format::Text).get();
  EXPECT_EQ(late.status(), 503U);
  EXPECT_EQ(late.problem->code, "draining");
}

TEST_F(ScrapesTest, ThatFailAreAnsweredCountedAndLoggedAndTheNextOneWorks) {
  exposition.failing = true;
  auto failed = ask(Format::Text);
  exposition.awaitWriting();
  exposition.release(1);
  EXPECT_EQ(failed.get().status(), 500U);
  exposition.failing = false;
  exposition.release(1);
  EXPECT_EQ(ask(Format::Text).get().status(), 200U);
  EXPECT_EQ(metrics.value("penstock_metrics_scrape_failures_total"), 1);
  EXPECT_EQ(log.count("metrics.scrape_failed"), 1U);
}

}  // namespace
}  // namespace penstock
