#include "policy_bench.h"

#include <gmock/gmock.h>

namespace penstock::test {
namespace {

class Report : public testing::Test {
protected:
  Admission admit(const std::string& json, std::string_view provider = "twilio") {
    Request request(json);
    request.draft.kind = Kind::DeliveryStatus;
    request.draft.route = "webhooks/provider";
    request.draft.provider = provider;
    return bench_.admit(std::move(request));
  }
  PolicyBench bench_;
};

TEST_F(Report, BecomesAnEvent) {
  const Admission admission = admit(R"({"provider_message_id":"SM1","status":"failed","error":"30003","more":1})");
  ASSERT_EQ(admission.verdict, Admission::Verdict::Admitted);
  const Event& event = admission.event;
  EXPECT_EQ(event.kind, Kind::DeliveryStatus);
  EXPECT_EQ(event.content.provider, "twilio");
  EXPECT_EQ(event.content.provider_message_id, "SM1");
  EXPECT_EQ(event.content.status, "failed");
  EXPECT_EQ(event.content.metadata, R"({"error":"30003"})");
  EXPECT_EQ(event.policy, bench_.host().hash());
  EXPECT_EQ(event.request_id, "request-1");
  EXPECT_EQ(parseEvent(serialize(event)), event);
}

TEST_F(Report, ProviderIdAndStatusAreItsKeyAndProviderAndIdItsOrder) {
  const Event one = admit(R"({"provider_message_id":"SM1","status":"sent"})").event;
  const Event again = admit(R"({"provider_message_id":"SM1","status":"sent","error":"x"})").event;
  EXPECT_EQ(one.key, again.key);
  EXPECT_EQ(one.fingerprint, again.fingerprint);
  EXPECT_NE(one.id, again.id);
  const Event later = admit(R"({"provider_message_id":"SM1","status":"delivered"})").event;
  EXPECT_NE(one.key, later.key);
  EXPECT_EQ(one.conversation, later.conversation);
  const Event other = admit(R"({"provider_message_id":"SM2","status":"sent"})").event;
  EXPECT_NE(one.key, other.key);
  EXPECT_NE(one.conversation, other.conversation);
  const Event others = admit(R"({"provider_message_id":"SM1","status":"sent"})", "sendgrid").event;
  EXPECT_NE(one.key, others.key);
  EXPECT_NE(one.conversation, others.conversation);
}

TEST_F(Report, MayNameOurOwnMessage) {
  const std::string id = "01970000-0000-7000-8000-000000000001";
  const Event event = admit(R"({"provider_message_id":"SM1","status":"sent","message_id":")" + id + "\"}").event;
  ASSERT_TRUE(event.content.message_id);
  EXPECT_EQ(event.content.message_id->text(), id);
  EXPECT_EQ(parseEvent(serialize(event)), event);
  EXPECT_FALSE(admit(R"({"provider_message_id":"SM1","status":"sent","message_id":null})").event.content.message_id);
  EXPECT_EQ(bench_.metrics.value("penstock_policy_report_ids_ignored_total"), 0);
}

TEST_F(Report, AnIdThatIsNotOursIsIgnoredAndCounted) {
  double ignored = 0;
  for (const std::string value : {R"("")", R"("SM1")", "7", "{}", R"("01970000-0000-7000-8000-00000000000g")",
                                  R"("01970000-0000-7000-8000-000000000001 ")"}) {
    const Admission admission = admit(R"({"provider_message_id":"SM1","status":"sent","message_id":)" + value + "}");
    ASSERT_EQ(admission.verdict, Admission::Verdict::Admitted) << value;
    EXPECT_FALSE(admission.event.content.message_id) << value;
    EXPECT_EQ(bench_.metrics.value("penstock_policy_report_ids_ignored_total"), ++ignored) << value;
  }
}

TEST_F(Report, WhatIsNoReportIsRefused) {
  for (const std::string& json :
       {std::string("{}"), std::string(R"({"provider_message_id":"SM1"})"), std::string(R"({"status":"sent"})"),
        std::string(R"({"provider_message_id":7,"status":"sent"})"),
        std::string(R"({"provider_message_id":"","status":"sent"})"),
        R"({"provider_message_id":")" + std::string(256, 'x') + R"(","status":"sent"})",
        std::string(R"({"provider_message_id":"a\u0000b","status":"sent"})"),
        std::string(R"({"provider_message_id":"SM1","status":"queued"})"),
        std::string(R"({"provider_message_id":"SM1","status":null})"),
        std::string(R"({"provider_message_id":"SM1","status":"sent","error":{}})")}) {
    const Admission admission = admit(json);
    EXPECT_EQ(admission.verdict, Admission::Verdict::Rejected) << json;
    EXPECT_FALSE(admission.faults.empty()) << json;
  }
}

}  // namespace
}  // namespace penstock::test
