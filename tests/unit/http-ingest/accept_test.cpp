#include "answered.h"
#include "fake_publisher.h"

#include "http-ingest/accept.h"

#include "support/captured_log.h"
#include "support/manual_clock.h"
#include "support/recorded_metrics.h"
#include "support/stub_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include <thread>

namespace penstock::test {

using namespace std::chrono_literals;

constexpr const SendingCall& kSms = kSendingCalls[0];
constexpr const SendingCall& kSmsWebhook = kSendingCalls[2];

Uuid uuid(std::uint8_t last) {
  Uuid id;
  id.bytes[15] = last;
  return id;
}

class AcceptTest : public testing::Test {
protected:
  void SetUp() override {
    policy.on_admit = [this](const Draft& draft) {
      seen.push_back(draft);
      Admission admission;
      admission.verdict = Admission::Verdict::Admitted;
      admission.event.id = uuid(1);
      admission.event.key.bytes[0] = 0xab;
      admission.event.kind = draft.kind;
      return admission;
    };
  }

  Answered post(const SendingCall& call, std::string_view body,
                std::vector<std::pair<std::string_view, std::string_view>> headers = {}) {
    HttpRequest request;
    request.body = body;
    request.headers = headers;
    request.request_id = "request-1";
    Answered answered;
    accept->accept(call, request, answered.responder());
    return answered;
  }
  double count(const std::string& name) { return metrics.value("penstock_ingest_" + name); }

  ManualClock clock;
  RecordedMetrics metrics;
  StubPolicy policy;
  CapturedLog log{"http-ingest"};
  FakePublisher queue;
  IngestMetrics ingest_metrics{metrics};
  std::shared_ptr<AcceptPath> accept = std::make_shared<AcceptPath>(queue, policy, clock, log.log(), ingest_metrics);
  std::vector<Draft> seen;
};

TEST_F(AcceptTest, AnswersAnAcceptedMessageWithItsIdAndKey) {
  const Answered answer = post(kSms, R"({"body":"hi"})");
  EXPECT_EQ(answer.status(), 202U);
  EXPECT_EQ(answer.response().body, R"({"status":"accepted","id":"00000000-0000-0000-0000-000000000001",)"
                                    R"("idempotencyKey":"ab000000000000000000000000000000"})");
  EXPECT_EQ(answer.header("Idempotent-Replayed"), std::nullopt);
  EXPECT_EQ(queue.published().size(), 1U);
  EXPECT_EQ(count(R"(published_total{kind="outbound_message"})"), 1);
  EXPECT_EQ(count(R"(published_total{kind="inbound_message"})"), 0);
  EXPECT_EQ(count("publish_seconds"), 1);
}

TEST_F(AcceptTest, DraftsSayWhichCallTheyCameFrom) {
  for (const SendingCall& call : kSendingCalls) post(call, "{}");
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_EQ(seen[0].route, "messages/sms");
  EXPECT_EQ(seen[1].route, "messages/email");
  EXPECT_EQ(seen[0].kind, Kind::OutboundMessage);
  EXPECT_EQ(seen[1].channel, Channel::Email);
  EXPECT_EQ(seen[2].kind, Kind::InboundMessage);
  EXPECT_EQ(seen[2].channel, Channel::Sms);
  EXPECT_EQ(seen[2].provider, "webhook");
  EXPECT_EQ(seen[2].provider_id_member, "messaging_provider_id");
  EXPECT_EQ(seen[3].channel, Channel::Email);
  EXPECT_EQ(seen[3].provider_id_member, "xillio_id");
  EXPECT_EQ(seen[3].request_id, "request-1");
}

TEST_F(AcceptTest, AnswersADuplicateWithTheFirstId) {
  queue.result = PublishResult{PublishVerdict::Duplicate, uuid(9)};
  const Answered answer = post(kSms, "{}");
  EXPECT_EQ(answer.status(), 202U);
  EXPECT_THAT(answer.response().body, testing::HasSubstr("00000000-0000-0000-0000-000000000009"));
  EXPECT_EQ(answer.header("Idempotent-Replayed"), "true");
  EXPECT_EQ(count(R"(duplicates_total{kind="outbound_message"})"), 1);
}

TEST_F(AcceptTest, RefusesAConflictAndRecordsIt) {
  queue.result = PublishResult{PublishVerdict::Conflict, uuid(9)};
  const Answered answer = post(kSms, "{}");
  EXPECT_EQ(answer.problem().status, 422U);
  EXPECT_EQ(answer.problem().code, "idempotency_key_reused");
  EXPECT_EQ(count("conflicts_total"), 1);
  EXPECT_EQ(count(R"(published_total{kind="outbound_message"})"), 0);
  EXPECT_EQ(log.count("ingest.conflict"), 1U);
}

TEST_F(AcceptTest, KeepsTheFirstWhenAProviderReportsAnIdAgainWithOtherContent) {
  queue.result = PublishResult{PublishVerdict::Conflict, uuid(9)};
  const Answered answer = post(kSmsWebhook, "{}");
  EXPECT_EQ(answer.status(), 202U);
  EXPECT_THAT(answer.response().body, testing::HasSubstr("00000000-0000-0000-0000-000000000009"));
  EXPECT_EQ(count(R"(duplicates_total{kind="inbound_message"})"), 1);
  EXPECT_EQ(count("conflicts_total"), 0);
}

TEST_F(AcceptTest, RefusesWithATimeToComeBackWhenTheQueueTakesNothing) {
  queue.result = PublishResult{PublishVerdict::Full, {}};
  const Answered full = post(kSms, "{}");
  EXPECT_EQ(full.problem().status, 503U);
  EXPECT_EQ(full.problem().code, "queue_full");
  queue.result = PublishResult{PublishVerdict::Unavailable, {}};
  const Answered away = post(kSms, "{}");
  EXPECT_EQ(away.problem().status, 503U);
  EXPECT_EQ(away.problem().code, "queue_unavailable");
  EXPECT_GE(full.problem().retry_after.value(), 1U);
  EXPECT_GE(away.problem().retry_after.value(), 1U);
  EXPECT_EQ(count(R"(refused_total{reason="full"})"), 1);
  EXPECT_EQ(count(R"(refused_total{reason="unavailable"})"), 1);
}

TEST_F(AcceptTest, SpreadsTheTimesToComeBack) {
  queue.result = PublishResult{PublishVerdict::Full, {}};
  std::set<unsigned> times;
  for (int i = 0; i < 200; ++i) times.insert(post(kSms, "{}").problem().retry_after.value());
  EXPECT_GT(times.size(), 1U);
}

TEST_F(AcceptTest, NamesEveryFaultThatThePolicyFound) {
  policy.on_admit = [](const Draft&) {
    return Admission{Admission::Verdict::Rejected, {}, {{"from", "is required"}, {"to", "is required"}}};
  };
  const Answered answer = post(kSms, "{}");
  EXPECT_EQ(answer.problem().status, 400U);
  EXPECT_EQ(answer.problem().code, "validation_failed");
  EXPECT_EQ(answer.problem().errors, (std::vector<Fault>{{"from", "is required"}, {"to", "is required"}}));
  EXPECT_EQ(count(R"(refused_total{reason="invalid"})"), 1);
  EXPECT_TRUE(queue.published().empty());
}

TEST_F(AcceptTest, EnqueuesNothingWhenAScriptFails) {
  policy.on_admit = [](const Draft&) { return Admission{}; };
  const Answered answer = post(kSms, "{}");
  EXPECT_EQ(answer.problem().status, 503U);
  EXPECT_EQ(answer.problem().code, "policy_failed");
  EXPECT_TRUE(answer.problem().retry_after);
  EXPECT_EQ(count(R"(refused_total{reason="policy"})"), 1);
  EXPECT_TRUE(queue.published().empty());
}

TEST_F(AcceptTest, RefusesWhatIsNoJsonObjectBeforeThePolicySeesIt) {
  const Answered malformed = post(kSms, "{\"body\":");
  EXPECT_EQ(malformed.problem().status, 400U);
  EXPECT_EQ(malformed.problem().code, "malformed_json");
  EXPECT_EQ(post(kSms, "[1]").problem().code, "not_an_object");
  EXPECT_EQ(count(R"(refused_total{reason="malformed"})"), 2);
  EXPECT_TRUE(seen.empty());
}

TEST_F(AcceptTest, GivesTheClientsKeyToThePolicy) {
  std::optional<std::string> key;
  policy.on_admit = [&](const Draft& draft) {
    key = draft.client_key;
    return Admission{};
  };
  post(kSms, "{}", {{"idempotency-key", "\"order-1\""}});
  EXPECT_EQ(key, "order-1");
}

TEST_F(AcceptTest, RefusesAnUnusableKeyButIgnoresItOnWebhooks) {
  EXPECT_EQ(post(kSms, "{}", {{"idempotency-key", "two words"}}).problem().code, "idempotency_key_invalid");
  EXPECT_EQ(post(kSms, "{}", {{"idempotency-key", "a"}, {"idempotency-key", "b"}}).problem().status, 400U);
  EXPECT_EQ(post(kSmsWebhook, "{}", {{"idempotency-key", "two words"}}).status(), 202U);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].client_key, std::nullopt);
}

TEST_F(AcceptTest, AnswersWhenTheQueueSpeaksFromAnotherThread) {
  queue.result = std::nullopt;
  const Answered answer = post(kSms, "{}");
  EXPECT_FALSE(answer.answered());
  std::thread committer([&] { queue.answerHeld({PublishVerdict::Accepted, {}}); });
  EXPECT_EQ(answer.status(), 202U);
  committer.join();
}

TEST_F(AcceptTest, LogsTheIdsThatConnectARequestToItsMessageAndNothingElse) {
  post(kSms, R"({"from":"+15550001111","body":"the text"})");
  ASSERT_EQ(log.lines().size(), 1U);
  const Poco::Message line = log.lines().front();
  EXPECT_EQ(line.get("event"), "ingest.accepted");
  EXPECT_EQ(line.get("request_id"), "request-1");
  EXPECT_EQ(line.get("message_id"), "00000000-0000-0000-0000-000000000001");
  EXPECT_EQ(line.get("key"), "ab000000000000000000000000000000");
  EXPECT_EQ(line.get("outcome"), "accepted");
  EXPECT_EQ(line.getText(), "message accepted");
}

TEST_F(AcceptTest, StoppingWaitsForTheQueuesAnswers) {
  queue.result = std::nullopt;
  const Answered answer = post(kSms, "{}");
  std::thread stopping([&] { accept->stop(clock.now() + 10s); });
  clock.awaitWaiting(1);
  queue.answerHeld({PublishVerdict::Accepted, {}});
  stopping.join();
  EXPECT_EQ(answer.status(), 202U);
}

TEST_F(AcceptTest, AnAnswerAfterStoppingUsesNothingThatWasBorrowed) {
  queue.result = std::nullopt;
  const Answered answer = post(kSms, "{}");
  accept->stop(clock.now());
  accept.reset();
  queue.answerHeld({PublishVerdict::Accepted, {}});
  EXPECT_EQ(answer.problem().status, 503U);
  EXPECT_EQ(count(R"(published_total{kind="outbound_message"})"), 0);
  EXPECT_EQ(count("publish_seconds"), 0);
}

TEST_F(AcceptTest, StoppingAmidAnswersFromManyThreadsLosesNone) {
  queue.result = std::nullopt;
  std::vector<Answered> answers;
  for (int i = 0; i < 64; ++i) answers.push_back(post(kSms, "{}"));
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 16; ++i) queue.answerHeld({PublishVerdict::Accepted, {}});
      });
    accept->stop(clock.now());
  }
  double accepted = 0;
  for (const Answered& answer : answers) accepted += answer.status() == 202 ? 1 : 0;
  EXPECT_EQ(count(R"(published_total{kind="outbound_message"})"), accepted);
}

}  // namespace penstock::test
