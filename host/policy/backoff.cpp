#include "policy/backoff.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace penstock {

std::optional<Duration> builtInBackoff(const RetrySettings& settings, const RetryQuestion& question, double chance) {
  if (question.number >= settings.max_attempts || question.age >= settings.max_age) return std::nullopt;
  const auto longest = static_cast<double>(settings.backoff_max.count());
  const double doubled =
      static_cast<double>(settings.backoff_min.count()) * std::exp2(static_cast<double>(question.number) - 1);
  const double jitter = chance * std::min(longest, doubled);
  const Duration wish = std::clamp(question.retry_after.value_or(Duration(0)), Duration(0), settings.backoff_max);
  return wish + Duration(static_cast<Duration::rep>(jitter));
}

double drawChance() {
  thread_local std::minstd_rand source{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(source);
}

}  // namespace penstock
