#include "worker/condemned.h"

#include <chrono>
#include <string>
#include <variant>

namespace penstock {

namespace {

constexpr auto kStorePause = std::chrono::seconds(1);

/// Nobody sends it any more: leave to send is asked for only so that the store ends an attempt whose holder is lost.
bool wasSent(const Delivery& condemned, Grounds grounds, Store& store, WallTime now) {
  Intent intent;
  intent.message = condemned.event.id;
  intent.attempt = condemned.earlier_attempts + condemned.attempt;
  intent.token = condemned.token;
  intent.replayed_after = condemned.earlier_attempts;
  BeginResult leave = store.begin({&intent, 1}).at(0);
  // Leave for this attempt was given before, in an answer that nobody got. The next one finds it lost.
  if (!leave.granted && leave.status == MessageStatus::Sending) {
    ++intent.attempt;
    leave = store.begin({&intent, 1}).at(0);
  }
  if (!leave.granted)
    return leave.status == MessageStatus::Sent || leave.status == MessageStatus::Delivered ||
           leave.status == MessageStatus::Read;
  Attempt attempt;
  attempt.message = intent.message;
  attempt.number = intent.attempt;
  attempt.token = intent.token;
  attempt.outcome = AttemptOutcome::NotSent;
  attempt.end = AttemptEnd::Dead;
  attempt.error = word(grounds);
  attempt.started_at = now;
  attempt.waits = condemned.waits;
  store.record({&attempt, 1});
  return false;
}

}  // namespace

Settlement endOf(const Delivery& condemned, Store& store, WallTime now) {
  const Grounds grounds = condemned.condemned.value_or(Grounds::Other);
  const Dead dead{.reason = std::string(word(grounds)), .grounds = grounds};
  try {
    if (wasSent(condemned, grounds, store, now)) return {condemned.token, Done{}};
  } catch (const StoreUnavailable&) {
    return {condemned.token, Release{kStorePause, "store"}};
  } catch (const StoreRejected&) {
    return {condemned.token, dead};
  }
  return {condemned.token, dead};
}

}  // namespace penstock
