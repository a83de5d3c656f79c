#include "worker/outcome.h"

#include "support/stub_policy.h"

#include <gtest/gtest.h>

namespace penstock::test {

using namespace std::chrono_literals;

PersistOutcome failure(std::string reason) { return {PersistOutcome::Kind::Failed, {}, std::move(reason)}; }

TEST(Outcome, AnAgeIsNeverNegative) {
  StubPolicy policy;
  policy.on_retry = [](const RetryQuestion& question) -> std::optional<Duration> {
    EXPECT_EQ(question.age, 0s);
    return 1s;
  };
  conclude(failure("x"), Event{}, 1, -5s, policy);
}

TEST(Outcome, ADelayIsNeverNegative) {
  StubPolicy policy;
  policy.on_retry = [](const RetryQuestion&) { return std::optional<Duration>(-5s); };
  const auto outcome = conclude(failure("x"), Event{}, 1, 0s, policy);
  EXPECT_EQ(std::get<RetryAfter>(outcome).delay, 0s);
}

TEST(Outcome, AReasonIsCutWhereACharacterStarts) {
  StubPolicy policy;
  policy.on_retry = [](const RetryQuestion&) { return std::optional<Duration>(1s); };
  std::string reason = "x";
  for (int i = 0; i < 1000; ++i) reason += "é";
  const auto outcome = conclude(failure(reason), Event{}, 1, 0s, policy);
  EXPECT_EQ(std::get<RetryAfter>(outcome).reason.size(), 499U);
}

TEST(Outcome, GivingUpAtTheFirstAttemptSaysSo) {
  StubPolicy policy;
  const auto outcome = conclude(failure("broken"), Event{}, 1, 0s, policy);
  EXPECT_EQ(std::get<Dead>(outcome).reason, "gave up after 1 attempt: broken");
}

}  // namespace penstock::test
