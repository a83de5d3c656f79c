#include "answered.h"
#include "fake_publisher.h"

#include "http-ingest/mock_calls.h"

#include "support/captured_log.h"
#include "support/fake_providers.h"
#include "support/manual_clock.h"
#include "support/recorded_metrics.h"
#include "support/silent_control.h"
#include "support/stub_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/serialize.hpp>

#include <memory>

namespace penstock::test {

class MockCallsTest : public testing::Test {
protected:
  using Call = void (MockCalls::*)(HttpRequest&, Responder);

  MockCallsTest() {
    providers.told["mock"] = MockSettings{1, 2, 3, 4}.members();
    policy.on_admit = [this](const Draft& draft) {
      drafts.push_back(draft);
      members.push_back(boost::json::serialize(*draft.members));
      Admission admission;
      admission.verdict = Admission::Verdict::Admitted;
      admission.event.kind = draft.kind;
      return admission;
    };
  }
  Answered call(Call which, std::string_view body = {}) {
    HttpRequest request;
    request.body = body;
    request.request_id = "request-1";
    Answered answered;
    (calls.*which)(request, answered.responder());
    answered.status();
    return answered;
  }
  std::string got(Call which, std::string_view body = {}) { return call(which, body).response().body; }
  std::vector<std::string> faults(Call which, std::string_view body) {
    const Answered answer = call(which, body);
    EXPECT_EQ(answer.problem().status, 400U) << body;
    EXPECT_EQ(answer.problem().code, "validation_failed") << body;
    std::vector<std::string> fields;
    for (const Fault& fault : answer.problem().errors) fields.push_back(fault.field);
    return fields;
  }

  ManualClock clock;
  RecordedMetrics metrics;
  StubPolicy policy;
  CapturedLog log{"http-ingest"};
  FakePublisher queue;
  SilentControl control;
  FakeProviders providers;
  std::vector<Draft> drafts;
  std::vector<std::string> members;
  IngestMetrics ingest_metrics{metrics};
  std::shared_ptr<AcceptPath> accept = std::make_shared<AcceptPath>(queue, policy, clock, log.log(), ingest_metrics);
  MockControl mock{control, providers, log.log()};
  ReaderPool pool{2, 16, clock, log.log(), ingest_metrics};
  MockCalls calls{mock, *accept, pool, log.log()};
};

TEST_F(MockCallsTest, AnswersWhatIsInForce) {
  EXPECT_EQ(got(&MockCalls::settings), R"({"timeout_pct":1,"error_pct":2,"ratelimit_pct":3,"seed":4})");
  const MockSettings stored{0, 100, 0, 7};
  control.set(MockControl::kName, stored.text());
  EXPECT_EQ(got(&MockCalls::settings), stored.text()) << "also when another process has stored it a moment ago";
}

TEST_F(MockCallsTest, AChangeHoldsBeforeItIsAnswered) {
  EXPECT_EQ(got(&MockCalls::change, R"({"error_pct":50,"seed":-1})"),
            R"({"timeout_pct":1,"error_pct":50,"ratelimit_pct":3,"seed":-1})");
  EXPECT_EQ(mock.inForce(), (MockSettings{1, 50, 3, -1}));
  EXPECT_EQ(control.get(MockControl::kName), (MockSettings{1, 50, 3, -1}.text()));
  EXPECT_EQ(log.count("ingest.mock_changed"), 1U);
}

TEST_F(MockCallsTest, AChangeThatBreaksARuleIsRefusedWithEverythingThatIsWrong) {
  EXPECT_EQ(call(&MockCalls::change, "{").problem().code, "malformed_json");
  EXPECT_EQ(call(&MockCalls::change, "[]").problem().code, "not_an_object");
  EXPECT_THAT(faults(&MockCalls::change, R"({"error_pct":101,"seed":"x","pct":1})"),
              testing::ElementsAre("error_pct", "seed", "pct"));
  EXPECT_THAT(faults(&MockCalls::change, R"({"error_pct":97})"), testing::ElementsAre("error_pct"));
  EXPECT_THAT(faults(&MockCalls::change, R"({"error_pct":97,"pct":1})"), testing::ElementsAre("pct", "error_pct"));
  EXPECT_EQ(control.get(MockControl::kName), std::nullopt);
  EXPECT_EQ(mock.inForce(), (MockSettings{1, 2, 3, 4}));
}

TEST_F(MockCallsTest, WithoutTheStoreNothingIsAnsweredAndNothingChanged) {
  control.on_ask = [] { throw StoreUnavailable("gone"); };
  EXPECT_EQ(call(&MockCalls::settings).problem().code, "store_unavailable");
  const Answered answer = call(&MockCalls::change, R"({"error_pct":50})");
  EXPECT_EQ(answer.problem().status, 503U);
  EXPECT_TRUE(answer.problem().retry_after);
  EXPECT_EQ(mock.inForce(), (MockSettings{1, 2, 3, 4}));
}

TEST_F(MockCallsTest, WithoutAMockThereIsNothing) {
  providers.told.clear();
  EXPECT_EQ(call(&MockCalls::settings).problem().status, 404U);
  EXPECT_EQ(call(&MockCalls::change, "{").problem().status, 404U);
  EXPECT_EQ(call(&MockCalls::inbound, "{}").problem().status, 404U);
  EXPECT_TRUE(queue.published().empty());
}

TEST_F(MockCallsTest, WhatTheMockReceivesIsWhatItsChannelsWebhookReceives) {
  EXPECT_EQ(call(&MockCalls::inbound, R"({"channel":"SMS","body":"a"})").status(), 202U);
  EXPECT_EQ(call(&MockCalls::inbound, R"({"channel":"Mms","body":"b"})").status(), 202U);
  EXPECT_EQ(call(&MockCalls::inbound, R"({"channel":"email","body":"c","more":1})").status(), 202U);
  ASSERT_EQ(drafts.size(), 3U);
  for (const Draft& draft : drafts) {
    EXPECT_EQ(draft.kind, Kind::InboundMessage);
    EXPECT_EQ(draft.provider, "mock");
    EXPECT_EQ(draft.route, drafts[0].route);
    EXPECT_EQ(draft.client_key, std::nullopt);
    EXPECT_EQ(draft.request_id, "request-1");
  }
  EXPECT_EQ(drafts[0].channel, Channel::Sms);
  EXPECT_EQ(drafts[0].provider_id_member, "messaging_provider_id");
  EXPECT_EQ(drafts[1].channel, Channel::Sms);
  EXPECT_EQ(drafts[1].provider_id_member, "messaging_provider_id");
  EXPECT_EQ(drafts[2].channel, Channel::Email);
  EXPECT_EQ(drafts[2].provider_id_member, "xillio_id");
  EXPECT_THAT(members,
              testing::ElementsAre(R"({"body":"a"})", R"({"body":"b","type":"mms"})", R"({"body":"c","more":1})"));
}

TEST_F(MockCallsTest, TheChannelIsNeededAndAgreesWithTheType) {
  for (const char* body : {"{}", R"({"channel":null})", R"({"channel":"fax"})", R"({"channel":1})", R"({"channel":""})",
                           R"({"channel":"sms "})"})
    EXPECT_THAT(faults(&MockCalls::inbound, body), testing::ElementsAre("channel")) << body;
  EXPECT_THAT(faults(&MockCalls::inbound, R"({"channel":"mms","type":"sms"})"), testing::ElementsAre("type"));
  EXPECT_EQ(call(&MockCalls::inbound, R"({"channel":"mms","type":"MMS"})").status(), 202U);
  EXPECT_EQ(call(&MockCalls::inbound, R"({"channel":"sms","type":"mms"})").status(), 202U);
  EXPECT_EQ(call(&MockCalls::inbound, "[").problem().code, "malformed_json");
  EXPECT_EQ(drafts.size(), 2U);
  EXPECT_EQ(metrics.value(R"(penstock_ingest_refused_total{reason="invalid"})"), 7);
}

}  // namespace penstock::test
