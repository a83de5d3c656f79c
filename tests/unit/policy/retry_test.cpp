#include "policy_bench.h"

#include "policy/backoff.h"

#include <gtest/gtest.h>

namespace penstock::test {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

RetryQuestion attempt(std::uint32_t number, Duration age = {}, std::optional<Duration> wish = {}) {
  RetryQuestion question;
  question.number = number;
  question.age = age;
  question.outcome = "not_sent";
  question.status = 503;
  question.retry_after = wish;
  question.provider = "mock";
  return question;
}

/// Asks both, who must agree on the bounds: the shipped script and what is built in.
struct Both {
  PolicyBench bench;
  std::vector<std::optional<Duration>> ask(const RetryQuestion& question) {
    std::vector<std::optional<Duration>> answers;
    for (int i = 0; i < 200; ++i) {
      answers.push_back(bench.host().retry(question));
      answers.push_back(builtInBackoff(bench.settings.retry, question, drawChance()));
    }
    return answers;
  }
};

TEST(Retry, WaitsARandomPartOfADoublingTime) {
  Both both;
  for (std::uint32_t number = 1; number < 10; ++number) {
    const Duration longest = seconds(1 << (number - 1));
    Duration greatest{};
    for (const auto& wait : both.ask(attempt(number))) {
      ASSERT_TRUE(wait.has_value());
      EXPECT_GE(*wait, Duration(0));
      EXPECT_LE(*wait, longest);
      greatest = std::max(greatest, *wait);
    }
    EXPECT_GT(greatest, longest / 2);
  }
}

TEST(Retry, IsCapped) {
  Both both;
  both.bench.settings.retry.max_attempts = 1000;
  for (const auto& wait : both.ask(attempt(900))) EXPECT_LE(*wait, hours(1));
}

TEST(Retry, GivesUpByNumberAndByAge) {
  Both both;
  for (const auto& wait : both.ask(attempt(10))) EXPECT_FALSE(wait.has_value());
  for (const auto& wait : both.ask(attempt(1, hours(72)))) EXPECT_FALSE(wait.has_value());
  for (const auto& wait : both.ask(attempt(9, hours(72) - seconds(1)))) EXPECT_TRUE(wait.has_value());
}

TEST(Retry, HonoursTheProvidersWishUpToTheCap) {
  Both both;
  for (const auto& wait : both.ask(attempt(1, {}, seconds(30)))) {
    EXPECT_GE(*wait, seconds(30));
    EXPECT_LE(*wait, seconds(31));
  }
  for (const auto& wait : both.ask(attempt(1, {}, hours(1000)))) {
    EXPECT_GE(*wait, hours(1));
    EXPECT_LE(*wait, hours(1) + seconds(1));
  }
}

TEST(Retry, OddQuestionsGetAnAnswer) {
  RetrySettings settings;
  settings.max_attempts = 4000000000U;
  EXPECT_LE(builtInBackoff(settings, attempt(3999999999U, Duration(-5), Duration(-5)), 0.999999), hours(1));
  EXPECT_GE(builtInBackoff(settings, attempt(0, {}, Duration(-5)), 0.5), Duration(0));
}

TEST(Retry, AScriptSeesTheWholeQuestion) {
  PolicyBench bench;
  bench.scripts.write(ScriptName::Retry, R"(return function(a, settings)
    assert(a.number == 3 and a.age == 1.5 and a.outcome == "not_sent" and a.status == 503 and a.retry_after == 2
           and a.provider == "mock")
    assert(settings.max_attempts == 10 and settings.max_age == 259200 and settings.backoff_min == 1
           and settings.backoff_max == 3600)
    return 7.25
  end)");
  EXPECT_EQ(bench.host().retry(attempt(3, std::chrono::milliseconds(1500), seconds(2))),
            std::chrono::milliseconds(7250));
}

}  // namespace
}  // namespace penstock::test
