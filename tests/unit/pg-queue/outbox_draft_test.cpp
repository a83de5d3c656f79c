#include "pg-queue/outbox_draft.h"

#include <gtest/gtest.h>

#include "support/stub_policy.h"

namespace penstock::test {
namespace {

using pg_queue::JudgedDraft;
using pg_queue::OutboxDraft;

constexpr std::int64_t kRoom = 1 << 20;

OutboxDraft draftOf(std::string text) {
  OutboxDraft draft;
  draft.number = 42;
  draft.id = Uuid::make(WallTime(std::chrono::hours(500'000)));
  draft.created_at = *parseTime("2026-03-01T12:00:00.250Z");
  draft.text = std::move(text);
  return draft;
}

/// What the policy is asked for a draft: channel, route and time.
std::string asked(const std::string& text) {
  StubPolicy policy;
  std::string seen;
  policy.on_admit = [&](const Draft& draft) {
    const auto* time = draft.members->if_contains("timestamp");
    seen = std::string(word(draft.channel)) + " " + std::string(draft.route) + " " +
           (time == nullptr ? "-" : std::string(time->get_string())) + " " + std::string(draft.request_id);
    return Admission{};
  };
  judge(draftOf(text), policy, kRoom);
  return seen;
}

TEST(OutboxDraft, IsAskedAboutAsTheRequestThatItCouldHaveBeen) {
  EXPECT_EQ(asked(R"({"type":"sms"})"), "sms messages/sms 2026-03-01T12:00:00.250Z outbox-42");
  EXPECT_EQ(asked(R"({"type":"mms"})"), "sms messages/sms 2026-03-01T12:00:00.250Z outbox-42");
  EXPECT_EQ(asked(R"({"type":"email"})"), "email messages/email 2026-03-01T12:00:00.250Z outbox-42");
}

TEST(OutboxDraft, WithAKeyOfItsOwnIsTheSameWheneverItIsEnqueued) {
  EXPECT_EQ(asked(R"({"type":"sms","idempotencyKey":"k"})"), "sms messages/sms - outbox-42");
}

TEST(OutboxDraft, KeepsTheTimeThatTheApplicationGave) {
  EXPECT_EQ(asked(R"({"type":"sms","timestamp":"2020-01-01T00:00:00Z"})"),
            "sms messages/sms 2020-01-01T00:00:00Z outbox-42");
}

TEST(OutboxDraft, WaitsLongerTheMoreOftenItFailed) {
  EXPECT_EQ(pg_queue::delayAfter(0), std::chrono::seconds(1));
  EXPECT_EQ(pg_queue::delayAfter(3), std::chrono::seconds(8));
  EXPECT_EQ(pg_queue::delayAfter(1'000'000), std::chrono::seconds(60));
}

TEST(OutboxDraft, NestedTooDeepOrNoObjectIsRefused) {
  StubPolicy policy;
  for (const std::string& text :
       {std::string("[]"), std::string("{\"a\":") + std::string(40, '[') + std::string(40, ']') + "}"}) {
    const JudgedDraft judged = judge(draftOf(text), policy, kRoom);
    EXPECT_EQ(judged.fate, JudgedDraft::Fate::Bury);
    EXPECT_EQ(judged.reason, "malformed_json");
    EXPECT_FALSE(judged.sentence.empty());
  }
}

}  // namespace
}  // namespace penstock::test
