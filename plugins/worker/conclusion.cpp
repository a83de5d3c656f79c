#include "worker/conclusion.h"

#include "worker/outcome.h"

#include <algorithm>
#include <string>

namespace penstock {

namespace {

constexpr auto kSoon = std::chrono::seconds(1);  // until the store is asked again, or there may be room

Attempt attemptOf(const Outgoing& message, const SendVerdict& verdict, SteadyTime now) {
  Attempt attempt;
  attempt.message = message.event.id;
  attempt.number = message.number();
  attempt.token = message.token;
  attempt.outcome = verdict.outcome;
  attempt.provider = message.provider.name;
  attempt.provider_message_id = verdict.provider_message_id;
  attempt.http_status = verdict.http_status;
  attempt.error = verdict.reason;
  attempt.started_at = message.started_at;
  attempt.latency = std::max(std::chrono::floor<Duration>(now - message.started), Duration::zero());
  attempt.waits = message.waits;
  attempt.earlier_not_sent = message.earlier_not_sent;
  return attempt;
}

std::string givenUp(const Outgoing& message, const std::string& reason) {
  return "gave up after " + std::to_string(message.attempt) + (message.attempt == 1 ? " attempt: " : " attempts: ") +
         reason;
}

std::optional<Duration> nextTry(const Outgoing& message, const SendVerdict& verdict, SteadyTime now, Policy& policy) {
  RetryQuestion question;
  question.number = message.attempt;
  question.age = std::max(message.age + std::chrono::floor<Duration>(now - message.received), Duration::zero());
  question.outcome = word(verdict.outcome);
  question.status = verdict.http_status;
  question.retry_after = verdict.retry_after;
  question.provider = message.provider.name;
  auto delay = policy.retry(question);
  if (delay) *delay = std::max(*delay, Duration::zero());
  return delay;
}

std::string doubtful(const std::string& reason) { return "it is unknown whether it was sent: " + reason; }

Conclusion again(Attempt attempt, const Outgoing& message, const SendVerdict& verdict, SteadyTime now, Policy& policy) {
  std::string reason = shortened(verdict.reason);
  if (const auto delay = nextTry(message, verdict, now, policy))
    return {std::move(attempt), RetryAfter{*delay, std::move(reason)}};
  attempt.end = AttemptEnd::Dead;
  const bool unknown = verdict.outcome == AttemptOutcome::Unknown || message.inDoubt();
  return {std::move(attempt),
          Dead{givenUp(message, reason), message.provider.name, unknown ? Grounds::Unknown : Grounds::GaveUp}};
}

}  // namespace

SendVerdict verdictOf(const SendFailure& failure) {
  SendVerdict verdict;
  verdict.outcome = failure.may_have_left ? AttemptOutcome::Unknown : AttemptOutcome::NotSent;
  verdict.reason = failure.sentence;
  verdict.retryable = failure.fault != SendFault::Malformed && failure.fault != SendFault::Forbidden;
  return verdict;
}

Sign signOf(const SendVerdict& verdict) {
  constexpr int kTooManyRequests = 429;
  if (verdict.outcome == AttemptOutcome::Unknown) return Sign::Fails;
  const bool fails = verdict.outcome == AttemptOutcome::NotSent && verdict.retryable;
  return fails && verdict.http_status != kTooManyRequests ? Sign::Fails : Sign::Works;
}

Sign signOf(const SendOutcome& outcome, const SendVerdict& verdict) {
  const auto* failure = std::get_if<SendFailure>(&outcome);
  if (failure == nullptr) return signOf(verdict);
  switch (failure->fault) {
    case SendFault::Malformed:
    case SendFault::Forbidden:
    case SendFault::Busy:
    case SendFault::Stopped:
      return Sign::None;
    case SendFault::Unresolved:
    case SendFault::Unreachable:
    case SendFault::Untrusted:
    case SendFault::TimedOut:
    case SendFault::Broken:
      break;
  }
  return Sign::Fails;
}

Conclusion conclude(const Outgoing& message, const SendVerdict& verdict, SteadyTime now, Policy& policy) {
  Attempt attempt = attemptOf(message, verdict, now);
  switch (verdict.outcome) {
    case AttemptOutcome::Sent:
      return {std::move(attempt), Done{}};
    case AttemptOutcome::NotSent:
      if (verdict.retryable) return again(std::move(attempt), message, verdict, now, policy);
      attempt.end = AttemptEnd::Failed;
      if (message.inDoubt())
        return {std::move(attempt), Dead{doubtful("an earlier attempt has no known end, and this one was refused: " +
                                                  shortened(verdict.reason)),
                                         message.provider.name, Grounds::Unknown}};
      return {std::move(attempt), Dead{shortened(verdict.reason), message.provider.name, Grounds::Rejected}};
    case AttemptOutcome::Unknown:
      break;
  }
  if (message.mayRepeat()) return again(std::move(attempt), message, verdict, now, policy);
  attempt.end = AttemptEnd::Dead;
  return {std::move(attempt), Dead{doubtful(shortened(verdict.reason)), message.provider.name, Grounds::Unknown}};
}

Conclusion postponed(Conclusion conclusion, const std::string& reason) {
  conclusion.outcome = RetryAfter{kSoon, shortened(reason)};
  if (conclusion.attempt) conclusion.attempt->end = AttemptEnd::Open;
  return conclusion;
}

Conclusion refused(MessageStatus status, const std::string& provider, const std::string& obstacle) {
  switch (status) {
    case MessageStatus::Sent:
    case MessageStatus::Delivered:
    case MessageStatus::Read:
      return {std::nullopt, Done{}};
    case MessageStatus::Unknown:
      return {std::nullopt, Dead{doubtful(obstacle.empty() ? "an earlier attempt has no known end" : obstacle),
                                 provider, Grounds::Unknown}};
    case MessageStatus::Failed:
      return {std::nullopt, Dead{"the message has failed in an earlier attempt", provider, Grounds::Rejected}};
    case MessageStatus::Dead:
      return {std::nullopt, Dead{"the message was given up in an earlier attempt", provider, Grounds::GaveUp}};
    case MessageStatus::Accepted:
    case MessageStatus::Sending:
    case MessageStatus::Received:
      break;
  }
  // Whoever holds the lease and is refused meets a leave that nobody uses: that of a begin whose answer was lost. Only
  // a later attempt can find out about it, so this one counts. Without the lease nothing counts.
  return {std::nullopt, RetryAfter{kSoon, "another attempt has begun, and its end is not known"}};
}

Conclusion unrouted(const Outgoing& message, WallTime now) {
  Attempt attempt;
  attempt.message = message.event.id;
  attempt.number = message.number();
  attempt.token = message.token;
  attempt.outcome = AttemptOutcome::NotSent;
  attempt.end = AttemptEnd::Dead;
  attempt.error = kNoRoute;
  attempt.started_at = now;
  attempt.waits = message.waits;
  return {std::move(attempt), Dead{std::string(kNoRoute), {}, Grounds::NoRoute}};
}

}  // namespace penstock
