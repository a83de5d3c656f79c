#include "worker/pacer.h"

#include <algorithm>
#include <utility>

namespace penstock {

namespace {

constexpr Duration kSoon = std::chrono::milliseconds(50);  // an answer of the store, with room to spare
constexpr Duration kShortest = std::chrono::seconds(1);    // of those that wait, at first; later a tenth of the time
constexpr Duration kShortestLater = std::chrono::seconds(30);
constexpr Duration kSlot = std::chrono::milliseconds(5);
constexpr Duration kLongestStopped = std::chrono::minutes(1);
constexpr Duration kLongestPaced = std::chrono::minutes(10);

}  // namespace

std::optional<Duration> Pacer::admit(SteadyTime now) {
  std::lock_guard guard(mutex_);
  if (!running_) return slot(now, kSlot, kLongestStopped);
  if (interval_ == Duration::zero()) return std::nullopt;
  roll(now);
  if (left_ > 0) {
    --left_;
    return std::nullopt;
  }
  // One that comes again before its question was answered is not another one.
  if (asking_ || (asked_ > 0 && now - asked_since_ >= kSoon / 2)) return soon_++ < batch_ ? kSoon : later(now);
  if (now < reopens_ || granted_ + asked_ >= batch_) return later(now);
  if (asked_++ == 0) {
    asked_since_ = now;
    if (asked_call_) asked_call_();
  }
  return kSoon;
}

void Pacer::giveBack() {
  std::lock_guard guard(mutex_);
  if (running_ && interval_ > Duration::zero()) left_ = std::min(left_ + 1, batch_);
}

void Pacer::run(bool running) {
  std::lock_guard guard(mutex_);
  running_ = running;
  asking_ = false;
  asked_ = soon_ = granted_ = left_ = promised_ = 0;
  begun_.reset();
  waiting_since_.reset();
  reopens_ = next_slot_ = {};
}

bool Pacer::running() const {
  std::lock_guard guard(mutex_);
  return running_;
}

void Pacer::onDemand(std::function<void()> asked) {
  std::lock_guard guard(mutex_);
  asked_call_ = std::move(asked);
}

std::uint64_t Pacer::demand() {
  std::lock_guard guard(mutex_);
  soon_ = 0;
  asking_ = asked_ > 0;
  return std::exchange(asked_, 0);
}

void Pacer::grant(std::uint64_t messages, SteadyTime now, SteadyTime reopens) {
  std::lock_guard guard(mutex_);
  asking_ = false;
  left_ += messages;
  granted_ += messages;
  promised_ = 0;
  reopens_ = reopens;
  if (messages == 0) return;
  waiting_since_.reset();
  if (!begun_) begun_ = now;
}

/// Begins the next interval when this one is over. What was granted and has not left yet is part of it. One that was
/// slept through is not made up for.
void Pacer::roll(SteadyTime now) {
  if (!begun_ || now < *begun_ + interval_) return;
  *begun_ += interval_;
  if (now - *begun_ >= interval_ / 2) begun_.reset();
  granted_ = left_;
  promised_ = 0;
}

/// When it may open again, for as many as may leave then; the others ask from time to time, so that a stop and a start
/// do not find everybody told to come in an hour.
Duration Pacer::later(SteadyTime now) {
  const SteadyTime reopens = granted_ >= batch_ && begun_ ? *begun_ + interval_ : reopens_;
  if (reopens > now && promised_ < batch_ && reopens <= std::max(next_slot_, now + shortest(now))) {
    ++promised_;
    return std::chrono::ceil<Duration>(reopens - now);
  }
  const Duration fair = interval_ / static_cast<Duration::rep>(2 * batch_);
  return slot(now, std::clamp(fair, Duration(1), kSlot), kLongestPaced);
}

/// Who has waited long asks seldom.
Duration Pacer::shortest(SteadyTime now) {
  if (!waiting_since_) waiting_since_ = now;
  return std::clamp(std::chrono::floor<Duration>(now - *waiting_since_) / 10, kShortest, kShortestLater);
}

/// The next of the times that are given to those that wait.
Duration Pacer::slot(SteadyTime now, Duration step, Duration longest) {
  next_slot_ = std::max(next_slot_, now + shortest(now));
  if (next_slot_ - now >= longest) return longest;
  return std::chrono::ceil<Duration>(std::exchange(next_slot_, next_slot_ + step) - now);
}

}  // namespace penstock
