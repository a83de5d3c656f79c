#include "worker/outcome.h"

#include <algorithm>

namespace penstock {

namespace {

constexpr std::size_t kLongestReason = 500;

std::variant<Done, RetryAfter, Dead, Release> afterFailure(const PersistOutcome& outcome, const Event& event,
                                                           std::uint32_t attempt, Duration age, Policy& policy) {
  RetryQuestion question;
  question.number = attempt;
  question.age = std::max(age, Duration::zero());
  question.outcome = "failed";
  question.provider = event.content.provider;
  const std::string reason = shortened(outcome.reason);
  if (const auto delay = policy.retry(question)) return RetryAfter{std::max(*delay, Duration::zero()), reason};
  return Dead{
      .reason = "gave up after " + std::to_string(attempt) + (attempt == 1 ? " attempt: " : " attempts: ") + reason,
      .grounds = Grounds::GaveUp};
}

}  // namespace

std::string shortened(const std::string& reason) {
  if (reason.size() <= kLongestReason) return reason;
  std::size_t end = kLongestReason;
  while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xC0U) == 0x80U) --end;
  return reason.substr(0, end);
}

std::variant<Done, RetryAfter, Dead, Release> conclude(const PersistOutcome& outcome, const Event& event,
                                                       std::uint32_t attempt, Duration age, Policy& policy) {
  switch (outcome.kind) {
    case PersistOutcome::Kind::Kept:
      return Done{};
    case PersistOutcome::Kind::Rejected:
      return Dead{.reason = shortened(outcome.reason), .grounds = Grounds::Rejected};
    case PersistOutcome::Kind::Failed:
      return afterFailure(outcome, event, attempt, age, policy);
    // No delay: the pause is the worker's, and events that stay in place keep their order.
    case PersistOutcome::Kind::StoreAway:
      return Release{Duration::zero(), "store unavailable"};
    case PersistOutcome::Kind::OutOfTime:
      break;
  }
  return Release{Duration::zero(), outcome.reason};
}

}  // namespace penstock
