#include "policy_bench.h"

#include <gmock/gmock.h>

#include <barrier>
#include <thread>

namespace penstock::test {
namespace {

std::string conversationScript(const std::string& answer) { return "return function() return '" + answer + "' end"; }

class Reload : public testing::Test {
protected:
  std::string conversation() { return bench_.event(Request::sms(kSms)).conversation; }
  std::string refusal() {
    try {
      bench_.host().reload(bench_.settings);
    } catch (const PolicyFault& fault) {
      return fault.what();
    }
    return {};
  }
  PolicyBench bench_;
};

TEST_F(Reload, TheNewScriptsRuleFromTheNextRequestOn) {
  bench_.scripts.write(ScriptName::Conversation, conversationScript("old"));
  EXPECT_EQ(conversation(), "old");
  const Digest128 before = bench_.host().hash();
  bench_.scripts.write(ScriptName::Conversation, conversationScript("new"));
  EXPECT_EQ(conversation(), "old");
  bench_.host().reload(bench_.settings);
  const Event event = bench_.event(Request::sms(kSms));
  EXPECT_EQ(event.conversation, "new");
  EXPECT_NE(bench_.host().hash(), before);
  EXPECT_EQ(event.policy, bench_.host().hash());
  EXPECT_EQ(bench_.metrics.value("penstock_policy_reloads_total{result=\"success\"}"), 1);
  EXPECT_EQ(bench_.log.count("policy.reloaded"), 1U);
}

TEST_F(Reload, NewSettingsRuleAndChangeTheHash) {
  EXPECT_EQ(bench_.admit(Request::sms(kSms)).verdict, Admission::Verdict::Admitted);
  const Digest128 before = bench_.host().hash();
  bench_.settings.max_characters_sms = 2;
  bench_.host().reload(bench_.settings);
  EXPECT_EQ(bench_.admit(Request::sms(kSms)).verdict, Admission::Verdict::Rejected);
  EXPECT_NE(bench_.host().hash(), before);
}

TEST_F(Reload, ASyntaxErrorKeepsTheOldPolicyAndNamesFileAndLine) {
  bench_.scripts.write(ScriptName::Conversation, conversationScript("old"));
  EXPECT_EQ(conversation(), "old");
  const Digest128 before = bench_.host().hash();
  bench_.scripts.write(ScriptName::Conversation, conversationScript("new"));
  bench_.scripts.write(ScriptName::Validate, "return function(draft)\n  if draft.body then\nend");
  EXPECT_THAT(refusal(), testing::StartsWith((bench_.scripts.path() / "validate.lua:3: ").string()));
  EXPECT_EQ(conversation(), "old");
  EXPECT_EQ(bench_.host().hash(), before);
  EXPECT_EQ(bench_.metrics.value("penstock_policy_reloads_total{result=\"failure\"}"), 1);
  EXPECT_EQ(bench_.metrics.value("penstock_policy_last_reload_successful"), 0);
  ASSERT_EQ(bench_.log.count("policy.reload_failed"), 1U);
  EXPECT_THAT(bench_.log.lines().back().get("cause"), testing::HasSubstr("validate.lua:3: "));
  bench_.scripts.write(ScriptName::Validate, "return function() end");
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(conversation(), "new");
  EXPECT_EQ(bench_.metrics.value("penstock_policy_last_reload_successful"), 1);
}

TEST_F(Reload, EveryFaultIsSaidAtOnce) {
  bench_.host();
  bench_.scripts.write(ScriptName::Validate, "return 7");
  bench_.scripts.write(ScriptName::Retry, "\n\nreturn nothing.at.all");
  bench_.scripts.write(ScriptName::Redact, "x = = 1");
  const std::string faults = refusal();
  const std::string folder = bench_.scripts.path().string();
  EXPECT_THAT(faults, testing::HasSubstr(folder + "/validate.lua: must return one function, but returned a number"));
  EXPECT_THAT(faults, testing::HasSubstr(folder + "/retry.lua:3: "));
  EXPECT_THAT(faults, testing::HasSubstr(folder + "/redact.lua:1: "));
}

TEST_F(Reload, AMissingScriptIsAFault) {
  bench_.scripts.write(ScriptName::Conversation, conversationScript("old"));
  EXPECT_EQ(conversation(), "old");
  bench_.scripts.remove(ScriptName::Retry);
  EXPECT_EQ(refusal(), (bench_.scripts.path() / "retry.lua").string() + ": cannot be read: No such file or directory");
  EXPECT_EQ(conversation(), "old");
}

TEST_F(Reload, AStartWithoutGoodScriptsThrowsTheSentence) {
  bench_.scripts.write(ScriptName::Redact, "return function(");
  EXPECT_THROW(bench_.host(), PolicyFault);
}

TEST_F(Reload, AnotherFolderWithEqualScriptsHasTheSameHash) {
  PolicyBench other;
  EXPECT_EQ(bench_.host().hash(), other.host().hash());
  other.scripts.write(ScriptName::Retry, "return function() end");
  other.host().reload(other.settings);
  EXPECT_NE(bench_.host().hash(), other.host().hash());
}

TEST_F(Reload, NoRequestFailsWhileThreadsAdmit) {
  constexpr int kThreads = 4;
  constexpr int kRequests = 300;
  constexpr int kReloads = 20;
  PolicyHost& host = bench_.host();
  std::barrier start(kThreads + 1);
  std::atomic<int> refused{0};
  std::atomic<int> mixed{0};
  bench_.scripts.write(ScriptName::Conversation, conversationScript("0"));
  bench_.scripts.write(ScriptName::Idempotency, conversationScript("0"));
  host.reload(bench_.settings);
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      Request request = Request::sms(kSms);
      start.arrive_and_wait();
      for (int n = 0; n < kRequests; ++n) {
        const Admission admission = host.admit(request.asDraft());
        if (admission.verdict != Admission::Verdict::Admitted) {
          ++refused;
          continue;
        }
        // Both scripts always come from the same set.
        const Event& event = admission.event;
        if (event.key != Digest128::of({"key1", "default", "messages/sms", event.conversation})) ++mixed;
        host.redact("ann@example.org");
        host.retry(RetryQuestion{});
      }
    });
  }
  start.arrive_and_wait();
  for (int n = 1; n <= kReloads; ++n) {
    const bool broken = n % 5 == 0;
    bench_.scripts.write(ScriptName::Conversation, broken ? "return" : conversationScript(std::to_string(n)));
    bench_.scripts.write(ScriptName::Idempotency, conversationScript(std::to_string(n)));
    EXPECT_EQ(refusal().empty(), !broken);
  }
  threads.clear();
  EXPECT_EQ(refused, 0);
  EXPECT_EQ(mixed, 0);
  EXPECT_EQ(conversation(), std::to_string(kReloads - 1));
}

TEST_F(Reload, ThreadsAndHostsMayEndInAnyOrder) {
  std::barrier step(2);
  std::jthread thread([&] {
    auto bench = std::make_unique<PolicyBench>();
    bench->event(Request::sms(kSms));
    bench.reset();
    PolicyBench second;
    second.event(Request::sms(kSms));
    bench_.event(Request::sms(kSms));
    step.arrive_and_wait();
  });
  step.arrive_and_wait();
  thread.join();
  bench_.event(Request::sms(kSms));
}

}  // namespace
}  // namespace penstock::test
