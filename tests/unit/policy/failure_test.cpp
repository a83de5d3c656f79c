#include "policy_bench.h"

#include <gmock/gmock.h>

namespace penstock::test {
namespace {

struct Failing {
  ScriptName script;
  std::string body;  // of the script's function
  FailureReason reason;
};

void PrintTo(const Failing& failing, std::ostream* out) {
  *out << word(failing.script) << ", " << word(failing.reason) << ": " << failing.body;
}

class ScriptThatFails : public testing::Test {
protected:
  void write(const Failing& failing) {
    if (failing.reason == FailureReason::Deadline) bench_.settings.deadline = std::chrono::milliseconds(20);
    if (failing.reason == FailureReason::Memory) bench_.settings.deadline = std::chrono::seconds(5);
    bench_.scripts.write(failing.script, "return function(draft, settings)\n" + failing.body + "\nend");
  }
  PolicyBench bench_;
};

const std::string kEndless = "while true do end";
const std::string kGreedy = "local s, t = ('x'):rep(100000), {} for i = 1, 1e7 do t[i] = s .. i end";

class Admitting : public ScriptThatFails, public testing::WithParamInterface<Failing> {};

TEST_P(Admitting, FailsTheAdmissionAndIsCountedAndLogged) {
  const Failing& failing = GetParam();
  write(failing);
  Request request = Request::sms(kSms);
  const Admission admission = bench_.host().admit(request.asDraft());
  EXPECT_EQ(admission.verdict, Admission::Verdict::Failed);
  EXPECT_TRUE(admission.faults.empty());
  EXPECT_EQ(bench_.failures(failing.script, failing.reason), 1);
  ASSERT_EQ(bench_.log.count("policy.script_failed"), 1U);
  const Poco::Message line = bench_.log.lines().back();
  EXPECT_EQ(line.get("script"), word(failing.script));
  EXPECT_EQ(line.get("reason"), word(failing.reason));
  EXPECT_EQ(line.get("request_id"), "request-1");
  EXPECT_THAT(line.get("position"), testing::StartsWith(ScriptFolder::file(failing.script)));
}

INSTANTIATE_TEST_SUITE_P(
    EachScriptEachWay, Admitting,
    testing::Values(Failing{ScriptName::Validate, "error('x')", FailureReason::Error},
                    Failing{ScriptName::Validate, "return draft.nothing.more", FailureReason::Error},
                    Failing{ScriptName::Validate, kEndless, FailureReason::Deadline},
                    Failing{ScriptName::Validate, kGreedy, FailureReason::Memory},
                    Failing{ScriptName::Validate, "return true", FailureReason::BadAnswer},
                    Failing{ScriptName::Validate, "return 'wrong'", FailureReason::BadAnswer},
                    Failing{ScriptName::Validate, "return {'wrong'}", FailureReason::BadAnswer},
                    Failing{ScriptName::Validate, "return {{field='a'}}", FailureReason::BadAnswer},
                    Failing{ScriptName::Validate, "return {{field='a', message=7}}", FailureReason::BadAnswer},
                    Failing{ScriptName::Validate, "return {{field='a', message='\\xff'}}", FailureReason::BadAnswer},
                    Failing{ScriptName::Validate, "return {field='a', message='b'}", FailureReason::BadAnswer},
                    Failing{ScriptName::Idempotency, "error({})", FailureReason::Error},
                    Failing{ScriptName::Idempotency, kEndless, FailureReason::Deadline},
                    Failing{ScriptName::Idempotency, kGreedy, FailureReason::Memory},
                    Failing{ScriptName::Idempotency, "return nil", FailureReason::BadAnswer},
                    Failing{ScriptName::Idempotency, "return 7", FailureReason::BadAnswer},
                    Failing{ScriptName::Idempotency, "return ''", FailureReason::BadAnswer},
                    Failing{ScriptName::Conversation, "error()", FailureReason::Error},
                    Failing{ScriptName::Conversation, kEndless, FailureReason::Deadline},
                    Failing{ScriptName::Conversation, kGreedy, FailureReason::Memory},
                    Failing{ScriptName::Conversation, "return {}", FailureReason::BadAnswer},
                    Failing{ScriptName::Conversation, "return 'a\\0b'", FailureReason::BadAnswer},
                    Failing{ScriptName::Conversation, "return '\\xff'", FailureReason::BadAnswer},
                    Failing{ScriptName::Conversation, "return ('x'):rep(1025)", FailureReason::BadAnswer}));

class Retrying : public ScriptThatFails, public testing::WithParamInterface<Failing> {};

TEST_P(Retrying, FallsBackToTheBuiltInBackoff) {
  const Failing& failing = GetParam();
  write(failing);
  RetryQuestion question;
  question.number = 2;
  const auto wait = bench_.host().retry(question);
  ASSERT_TRUE(wait.has_value());
  EXPECT_LE(*wait, std::chrono::seconds(2));
  question.number = 10;
  EXPECT_FALSE(bench_.host().retry(question).has_value());
  EXPECT_EQ(bench_.failures(ScriptName::Retry, failing.reason), 2);
}

INSTANTIATE_TEST_SUITE_P(EachWay, Retrying,
                         testing::Values(Failing{ScriptName::Retry, "error('x')", FailureReason::Error},
                                         Failing{ScriptName::Retry, kEndless, FailureReason::Deadline},
                                         Failing{ScriptName::Retry, kGreedy, FailureReason::Memory},
                                         Failing{ScriptName::Retry, "return 0/0", FailureReason::BadAnswer},
                                         Failing{ScriptName::Retry, "return -1", FailureReason::BadAnswer},
                                         Failing{ScriptName::Retry, "return math.huge", FailureReason::BadAnswer},
                                         Failing{ScriptName::Retry, "return 1e300", FailureReason::BadAnswer},
                                         Failing{ScriptName::Retry, "return '5'", FailureReason::BadAnswer},
                                         Failing{ScriptName::Retry, "return true", FailureReason::BadAnswer}));

class Redacting : public ScriptThatFails, public testing::WithParamInterface<Failing> {};

TEST_P(Redacting, DropsTheText) {
  write(GetParam());
  EXPECT_EQ(bench_.host().redact("call +15551234567"), "[text dropped]");
  EXPECT_EQ(bench_.failures(ScriptName::Redact, GetParam().reason), 1);
}

INSTANTIATE_TEST_SUITE_P(EachWay, Redacting,
                         testing::Values(Failing{ScriptName::Redact, "error('x')", FailureReason::Error},
                                         Failing{ScriptName::Redact, kEndless, FailureReason::Deadline},
                                         Failing{ScriptName::Redact, kGreedy, FailureReason::Memory},
                                         Failing{ScriptName::Redact, "return nil", FailureReason::BadAnswer},
                                         Failing{ScriptName::Redact, "return {}", FailureReason::BadAnswer}));

TEST_F(ScriptThatFails, TheLogNamesTheLineAndTheCauseButNeverTheMessage) {
  const std::vector<std::string> leaks = {"error(draft.body)",         "error({text = draft.body})",
                                          "assert(false, draft.body)", "string.format('%y' .. draft.body, 1)",
                                          "error(draft.body, 0)",      "pcall(error, draft.body) error(draft.body)",
                                          "return draft.body",         "local t = {} return t[draft.body].x",
                                          "return draft.body + 1"};
  for (const std::string& leak : leaks) {
    PolicyBench bench;
    bench.scripts.write(ScriptName::Validate, "return function(draft)\n  " + leak + "\nend");
    EXPECT_EQ(bench.admit(Request::sms(R"({"from":"123","to":"456","body":"confidential"})")).verdict,
              Admission::Verdict::Failed);
    for (const Poco::Message& line : bench.log.lines()) {
      EXPECT_THAT(line.getText(), testing::Not(testing::HasSubstr("confidential"))) << leak;
      EXPECT_THAT(line.get("cause", ""), testing::Not(testing::HasSubstr("confidential"))) << leak;
    }
  }
  PolicyBench bench;
  bench.scripts.write(ScriptName::Validate, "return function(draft)\n  return draft.missing.member\nend");
  bench.admit(Request::sms(kSms));
  const Poco::Message line = bench.log.lines().back();
  EXPECT_EQ(line.get("position"), "validate.lua:2");
  EXPECT_EQ(line.get("cause"), "attempt to index a nil value (field 'missing')");
}

TEST_F(ScriptThatFails, TheNextRequestIsServed) {
  bench_.settings.deadline = std::chrono::milliseconds(20);
  bench_.scripts.write(ScriptName::Conversation, R"(return function(draft)
    if draft.body == "hang" then while true do end end
    if draft.body == "eat" then local t = {} while true do t = {t, {}, {}} end end
    if draft.body == "raise" then error("x") end
    return "c"
  end)");
  for (const char* body : {"hang", "eat", "raise", "hang"}) {
    EXPECT_EQ(bench_.admit(Request::sms(R"({"from":"123","to":"456","body":")" + std::string(body) + "\"}")).verdict,
              Admission::Verdict::Failed);
    EXPECT_EQ(bench_.admit(Request::sms(kSms)).verdict, Admission::Verdict::Admitted) << body;
  }
}

TEST_F(ScriptThatFails, AStateThatWentOverItsBoundsIsMadeAnew) {
  bench_.settings.deadline = std::chrono::milliseconds(20);
  bench_.scripts.write(ScriptName::Conversation, R"(
    local calls = 0
    return function(draft)
      calls = calls + 1
      if draft.body == "hang" then while true do end end
      if draft.body == "eat" then error(("x"):rep(1e6) .. ("y"):rep(1.5e6)) end
      if draft.body == "raise" then error("x") end
      return tostring(calls)
    end)");
  const auto conversationAfter = [&](const std::string& body) {
    bench_.admit(Request::sms(R"({"from":"123","to":"456","body":")" + body + "\"}"));
    return bench_.event(Request::sms(kSms)).conversation;
  };
  EXPECT_EQ(conversationAfter("raise"), "2");
  EXPECT_EQ(conversationAfter("hang"), "1");
  EXPECT_EQ(conversationAfter("eat"), "1");
}

TEST_F(ScriptThatFails, ALoopOfFailuresDoesNotFillTheLog) {
  write({ScriptName::Validate, "error('x')", FailureReason::Error});
  for (int i = 0; i < 200; ++i) bench_.admit(Request::sms(kSms));
  EXPECT_EQ(bench_.log.count("policy.script_failed"), 20U);
  EXPECT_EQ(bench_.failures(ScriptName::Validate, FailureReason::Error), 200);
  bench_.clock.advance(std::chrono::seconds(1));
  bench_.admit(Request::sms(kSms));
  EXPECT_EQ(bench_.log.count("policy.script_failed"), 21U);
}

TEST_F(ScriptThatFails, EverySeriesExistsBeforeTheFirstFailure) {
  bench_.host();
  for (const ScriptName script : kScripts) {
    for (const FailureReason reason : kFailureReasons) EXPECT_EQ(bench_.failures(script, reason), 0);
    EXPECT_TRUE(bench_.metrics.declared("penstock_lua_call_seconds{script=\"" + std::string(word(script)) + "\"}"));
  }
}

TEST_F(ScriptThatFails, OneCallInSixteenIsTimed) {
  for (int i = 0; i < 32; ++i) bench_.admit(Request::sms(kSms));
  EXPECT_EQ(bench_.metrics.value("penstock_lua_call_seconds{script=\"conversation\"}"), 2);
}

}  // namespace
}  // namespace penstock::test
