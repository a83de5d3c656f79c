#include "worker/fault_point.h"
#include "worker/sender.h"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

// The end of the way: what became of attempts goes into the history, then the queue is told.

namespace penstock {

namespace {

constexpr Duration kPause = std::chrono::milliseconds(100);
constexpr Duration kLongestPause = std::chrono::seconds(2);

}  // namespace

/// The history first: what the queue has let go of is never heard of again.
void Sender::conclude(Settled settled) {
  (settled.conclusion.attempt ? recording_ : settling_).put(std::move(settled));
}

/// What became of an attempt is true whoever has the lease by now, and nobody else knows it. So it waits for the store
/// as long as it takes, in its place among those under way; a stop ends that.
void Sender::keep(std::vector<Settled> ended) {
  std::vector<Attempt> attempts;
  attempts.reserve(ended.size());
  SteadyTime last = SteadyTime::min();
  for (Settled& one : ended) {
    attempts.push_back(std::move(*one.conclusion.attempt));
    last = std::max(last, one.message->lease_end);
  }
  const auto abandon = [&](const std::exception& failure) {
    log_.warning("worker.record_abandoned", "what became of attempts could not be kept; their leases will run out",
                 {{"messages", std::to_string(ended.size())}, {"reason", policy_.redact(failure.what())}});
  };
  Duration pause{};
  while (true) {
    try {
      record(attempts, ended);
      break;
    } catch (const StoreUnavailable& failure) {
      if (clock_.now() >= giveUpAt()) return abandon(failure);
    } catch (const std::exception& failure) {
      if (clock_.now() >= std::min(last, giveUpAt())) return abandon(failure);
    }
    recording_.tick();
    rest(pause);
  }
  for (Settled& one : ended) settling_.put(std::move(one));
}

/// What the store refuses for good costs nobody else.
void Sender::record(std::span<Attempt> attempts, std::span<Settled> ended) {
  try {
    store_.record(attempts);
    return faultPoint("recorded");
  } catch (const StoreRejected& refusal) {
    if (attempts.size() == 1) return recordBare(attempts.front(), ended.front(), refusal.what());
  }
  const std::size_t half = attempts.size() / 2;
  record(attempts.first(half), ended.first(half));
  record(attempts.subspan(half), ended.subspan(half));
}

/// Without the texts that others wrote, their name for the message last of all. What is not even kept so leaves its
/// message with the status it has, and a person is to look at it.
void Sender::recordBare(Attempt& attempt, Settled& ended, const std::string& reason) {
  attempt.error.clear();
  attempt.waits.clear();
  if (recordAlone(attempt)) return;
  attempt.provider_message_id.clear();
  if (recordAlone(attempt)) return;
  log_.error("worker.attempt_rejected",
             "the store refuses what became of an attempt; its message keeps the status it has",
             {{"message_id", attempt.message.text()}, {"reason", policy_.redact(reason)}});
  if (std::holds_alternative<Done>(ended.conclusion.outcome))
    ended.conclusion.outcome =
        Dead{"it was sent, but the store refuses to keep that", attempt.provider, Grounds::Unknown};
}

/// False when the store refuses it.
bool Sender::recordAlone(const Attempt& attempt) {
  try {
    store_.record({&attempt, 1});
  } catch (const StoreRejected&) {
    return false;
  }
  faultPoint("recorded");
  return true;
}

void Sender::settle(std::vector<Settled> settled) {
  std::vector<Settlement> settlements;
  settlements.reserve(settled.size());
  SteadyTime last = SteadyTime::min();
  for (Settled& one : settled) {
    settlements.push_back({one.message->token, std::move(one.conclusion.outcome)});
    last = std::max(last, one.message->lease_end);
  }
  Duration pause{};
  while (true) {
    try {
      const auto verdicts = queue_.settle(settlements);
      faultPoint("settled");
      for (std::size_t i = 0; i < std::min(verdicts.size(), settled.size()); ++i)
        journal_.settled(settled[i].message->event, settled[i].message->attempt, settlements[i], verdicts[i]);
      return;
    } catch (const std::exception& failure) {
      if (clock_.now() >= std::min(last, giveUpAt())) {
        log_.warning("worker.settle_abandoned", "messages could not be settled; their leases will run out",
                     {{"messages", std::to_string(settlements.size())}, {"reason", policy_.redact(failure.what())}});
        return;
      }
    }
    settling_.tick();
    rest(pause);
  }
}

SteadyTime Sender::giveUpAt() const {
  std::lock_guard guard(mutex_);
  return give_up_;
}

/// Waits before the store or the queue is asked again, longer each time; a stop ends it.
void Sender::rest(Duration& pause) {
  pause = pause == Duration::zero() ? kPause : std::min<Duration>(pause * 2, kLongestPause);
  std::unique_lock lock(mutex_);
  clock_.wait(lock, stopped_, std::min<SteadyTime>(clock_.now() + pause, give_up_), {});
}

}  // namespace penstock
