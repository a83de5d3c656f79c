#include "answered.h"
#include "fake_publisher.h"
#include "fake_webhooks.h"

#include "http-ingest/webhooks.h"

#include "support/captured_log.h"
#include "support/manual_clock.h"
#include "support/recorded_metrics.h"
#include "support/stub_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::test {

using namespace std::chrono_literals;

class WebhooksTest : public testing::Test {
protected:
  void SetUp() override {
    webhooks.reading.verdict = WebhookReading::Verdict::Read;
    webhooks.reading.status = 201;
    webhooks.reading.content_type = "text/xml";
    webhooks.reading.body = "<Response/>";
    policy.on_admit = [this](const Draft& draft) {
      drafts.push_back(draft);
      routes.push_back(std::string(draft.route) + " " + std::string(draft.provider) + " " +
                       std::string(draft.provider_id_member));
      Admission admission;
      const auto* say = draft.members->if_contains("say");
      if (say == nullptr) {
        admission.verdict = Admission::Verdict::Admitted;
        admission.event.kind = draft.kind;
      } else if (*say == "rejected") {
        admission.verdict = Admission::Verdict::Rejected;
        admission.faults = {{"to", "is required"}};
      }
      return admission;
    };
  }
  Answered post() {
    HttpRequest request;
    request.path_parameters = {"twilio"};
    request.target = "/api/webhooks/twilio?a=b?c";
    request.body = "body";
    request.request_id = "request-1";
    Answered answered;
    path->accept(request, answered.responder());
    return answered;
  }
  void message(boost::json::object members = {}) {
    webhooks.reading.messages.push_back({Channel::Email, std::move(members)});
  }
  void report(boost::json::object members = {}) { webhooks.reading.reports.push_back({std::move(members)}); }
  double count(const std::string& name) { return metrics.value("penstock_ingest_" + name); }

  ManualClock clock;
  RecordedMetrics metrics;
  StubPolicy policy;
  CapturedLog log{"http-ingest"};
  FakePublisher queue;
  FakeWebhooks webhooks;
  IngestMetrics ingest_metrics{metrics};
  std::shared_ptr<WebhookPath> path =
      std::make_shared<WebhookPath>(queue, policy, webhooks, clock, log.log(), ingest_metrics);
  std::vector<Draft> drafts;
  std::vector<std::string> routes;
};

TEST_F(WebhooksTest, EverythingReportedIsPublishedAndAnsweredAsTheScriptSays) {
  message();
  message();
  report();
  const Answered answer = post();
  EXPECT_EQ(answer.status(), 201U);
  EXPECT_EQ(answer.response().content_type, "text/xml");
  EXPECT_EQ(answer.response().body, "<Response/>");
  EXPECT_EQ(queue.published().size(), 3U);
  EXPECT_THAT(webhooks.asked, testing::ElementsAre("twilio?a=b?c body"));
  EXPECT_THAT(routes, testing::Each("webhooks/provider twilio provider_message_id"));
  EXPECT_EQ(drafts[0].kind, Kind::InboundMessage);
  EXPECT_EQ(drafts[0].channel, Channel::Email);
  EXPECT_EQ(drafts[2].kind, Kind::DeliveryStatus);
  EXPECT_EQ(count(R"(published_total{kind="inbound_message"})"), 2);
  EXPECT_EQ(count(R"(published_total{kind="delivery_status"})"), 1);
}

TEST_F(WebhooksTest, NothingReportedIsAnsweredTheSame) {
  EXPECT_EQ(post().status(), 201U);
  EXPECT_TRUE(queue.published().empty());
}

TEST_F(WebhooksTest, TheAnswerWaitsForTheLastOfTheBatch) {
  message();
  report();
  queue.result.reset();
  const Answered answer = post();
  queue.answerHeld({PublishVerdict::Accepted, {}});
  EXPECT_FALSE(answer.answered());
  queue.answerHeld({PublishVerdict::Duplicate, {}});
  EXPECT_EQ(answer.status(), 201U);
  EXPECT_EQ(count(R"(duplicates_total{kind="delivery_status"})"), 1);
}

TEST_F(WebhooksTest, WhatIsKnownIsTakenAgain) {
  message();
  for (const PublishVerdict verdict : {PublishVerdict::Duplicate, PublishVerdict::Conflict}) {
    queue.result = PublishResult{verdict, {}};
    EXPECT_EQ(post().status(), 201U);
  }
  EXPECT_EQ(count(R"(duplicates_total{kind="inbound_message"})"), 2);
}

TEST_F(WebhooksTest, OneThatIsNotKeptMakesTheProviderTryAgain) {
  for (const PublishVerdict verdict : {PublishVerdict::Full, PublishVerdict::Unavailable}) {
    webhooks.reading.messages.clear();
    message();
    message();
    queue.result.reset();
    const Answered answer = post();
    queue.answerHeld({verdict, {}});
    queue.answerHeld({PublishVerdict::Accepted, {}});
    EXPECT_EQ(answer.problem().status, 503U);
    EXPECT_TRUE(answer.problem().retry_after.has_value());
  }
}

TEST_F(WebhooksTest, RefusalsSayWhy) {
  using Verdict = WebhookReading::Verdict;
  webhooks.reading.verdict = Verdict::NoReceiver;
  EXPECT_EQ(post().problem().status, 404U);
  webhooks.reading.verdict = Verdict::Forged;
  EXPECT_EQ(post().problem().code, "not_genuine");
  EXPECT_EQ(post().problem().status, 403U);
  EXPECT_EQ(count(R"(refused_total{reason="forged"})"), 2);
  webhooks.reading.verdict = Verdict::Failed;
  EXPECT_EQ(post().problem().status, 503U);
  webhooks.reading.verdict = Verdict::Read;
  webhooks.reading.status = 422;
  EXPECT_EQ(post().problem().status, 422U);
  EXPECT_TRUE(queue.published().empty());
}

TEST_F(WebhooksTest, ForgedOnesAreNamedOnceASecondAndTheOthersCounted) {
  webhooks.reading.verdict = WebhookReading::Verdict::Forged;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(post().status(), 403U);
  ASSERT_EQ(log.count("ingest.webhook_forged"), 1U);
  clock.advance(999ms);
  post();
  ASSERT_EQ(log.count("ingest.webhook_forged"), 1U);
  clock.advance(1ms);
  post();
  ASSERT_EQ(log.count("ingest.webhook_forged"), 2U);
  std::string last;
  for (const Poco::Message& line : log.lines())
    if (line.get("event", "") == "ingest.webhook_forged") last = line.get("suppressed", "");
  EXPECT_EQ(last, "100");
  EXPECT_EQ(count(R"(refused_total{reason="forged"})"), 102);
}

TEST_F(WebhooksTest, APolicyThatFailsPublishesNothing) {
  message();
  report({{"say", "failed"}});
  EXPECT_EQ(post().problem().code, "policy_failed");
  EXPECT_TRUE(queue.published().empty());
}

TEST_F(WebhooksTest, WhatBreaksARuleIsLeftOutUnlessItIsAll) {
  message({{"say", "rejected"}});
  const Answered refused = post();
  EXPECT_EQ(refused.problem().status, 400U);
  EXPECT_EQ(refused.problem().errors, (std::vector<Fault>{{"to", "is required"}}));
  report();
  EXPECT_EQ(post().status(), 201U);
  EXPECT_EQ(queue.published().size(), 1U);
  EXPECT_EQ(log.count("ingest.webhook_item_refused"), 2U);
}

TEST_F(WebhooksTest, AnAnswerOfTheQueueAfterTheStopIsStillAnAnswer) {
  message();
  queue.result.reset();
  const Answered answer = post();
  path->stop(clock.now());
  path.reset();
  queue.answerHeld({PublishVerdict::Accepted, {}});
  EXPECT_EQ(answer.problem().status, 503U);
}

}  // namespace penstock::test
