#include "policy_bench.h"

#include "penstock/event.h"

#include <gtest/gtest.h>

namespace penstock::test {
namespace {

// A policy that lets everything through: the host alone keeps the promises of an event.
class LaxScript : public testing::Test {
protected:
  LaxScript() {
    bench_.scripts.write(ScriptName::Validate, "return function() end");
    bench_.scripts.write(ScriptName::Idempotency, "return function() return 'k' end");
  }
  PolicyBench bench_;
};

TEST_F(LaxScript, WhatAnEventCannotCarryIsStillRefusedByName) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"to":"123","body":"b"})", "from"},
      {R"({"from":5,"to":"123","body":"b"})", "from"},
      {R"({"from":"123","to":"not a number","body":"b"})", "to"},
      {R"({"from":"123","to":"456","body":[]})", "body"},
      {R"({"from":"123","to":"456","body":"b","type":"fax"})", "type"},
      {R"({"from":"123","to":"456","body":"b","type":"email"})", "type"},
      {R"({"from":"123","to":"456","body":"b","type":{}})", "type"},
      {R"({"from":"123","to":"456","body":"b","attachments":"x"})", "attachments"},
      {R"({"from":"123","to":"456","body":"b","attachments":[null]})", "attachments"},
      {R"({"from":"123","to":"456","body":"b","attachments":["ftp://x/"]})", "attachments"},
      {R"({"from":"123","to":"456","body":"b","timestamp":"never"})", "timestamp"},
      {R"({"from":"123","to":"456","body":"b","timestamp":{}})", "timestamp"},
      {R"({"from":"123","to":"456","body":"b","sentAt":1})", "sentAt"},
      {R"({"from":"123","to":"456","body":"b","customerId":""})", "customerId"},
      {R"({"from":"123","to":"456","body":"b","customerId":[]})", "customerId"},
      {R"({"from":"123","to":"456","body":"b","idempotencyKey":7})", "idempotencyKey"},
      {R"({"from":"123","to":"456","body":"b","metadata":[]})", "metadata"},
      {R"({"from":"123","to":"456","body":"\u0000"})", "body"},
  };
  for (const auto& [json, field] : cases) {
    const Admission admission = bench_.admit(Request::sms(json));
    ASSERT_EQ(admission.verdict, Admission::Verdict::Rejected) << json;
    EXPECT_EQ(admission.faults.front().field, field) << json;
  }
  const Admission inbound = bench_.admit(Request::inboundSms(R"({"from":"123","to":"456","body":"b"})"));
  ASSERT_EQ(inbound.verdict, Admission::Verdict::Rejected);
  EXPECT_EQ(inbound.faults.front().field, "messaging_provider_id");
}

TEST_F(LaxScript, WhatItAllowsMoreIsAdmitted) {
  EXPECT_EQ(bench_.event(Request::sms(R"({"from":"123","to":"ACME"})")).content.body, "");
  EXPECT_EQ(bench_.event(Request::sms(R"({"from":"123","to":"456","body":"b","type":"mms"})")).content.type,
            MessageType::Mms);
}

TEST_F(LaxScript, EveryAdmittedEventCanBeWrittenAndReadAgain) {
  const char* values[] = {R"("123")",
                          R"("+15551234567")",
                          R"("a@b")",
                          R"("x")",
                          "7",
                          "null",
                          "[]",
                          "{}",
                          R"("mms")",
                          R"(["http://a/b"])",
                          "true",
                          R"({"a":[null,"\u00fc"]})",
                          R"("2026-03-01T12:00:00Z")",
                          R"("\u0000")"};
  const char* members[] = {"from",      "to",     "body",       "type",           "subject",  "attachments",
                           "timestamp", "sentAt", "customerId", "idempotencyKey", "metadata", "other"};
  unsigned state = 1;
  const auto draw = [&](unsigned below) { return (state = state * 1664525U + 1013904223U) / 65536U % below; };
  unsigned admitted = 0;
  for (int i = 0; i < 3000; ++i) {
    boost::json::object request = boost::json::parse(kSms).as_object();
    for (unsigned changes = draw(4); changes > 0; --changes)
      request[members[draw(std::size(members))]] = boost::json::parse(values[draw(std::size(values))]);
    const std::string json = boost::json::serialize(request);
    const Admission admission = bench_.admit(draw(2) == 0 ? Request::sms(json) : Request::email(json));
    ASSERT_NE(admission.verdict, Admission::Verdict::Failed) << json;
    if (admission.verdict == Admission::Verdict::Rejected) {
      EXPECT_FALSE(admission.faults.empty());
      continue;
    }
    ++admitted;
    EXPECT_EQ(parseEvent(serialize(admission.event)), admission.event) << json;
  }
  EXPECT_GT(admitted, 100U);
}

}  // namespace
}  // namespace penstock::test
