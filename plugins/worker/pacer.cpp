#include "worker/pacer.h"

#include <algorithm>

namespace penstock {

namespace {

constexpr Duration kShortest = std::chrono::seconds(1);
constexpr Duration kLongest = std::chrono::minutes(1);
constexpr std::uint64_t kStoppedPerSecond = 200;  // asked again while nothing may leave

}  // namespace

std::optional<Duration> Pacer::admit(SteadyTime now) {
  std::lock_guard guard(mutex_);
  if (running_ && interval_ == Duration::zero()) return std::nullopt;
  if (running_ && left_ > 0) {
    --left_;
    return std::nullopt;
  }
  const std::uint64_t place = waiting_++;
  if (!running_)
    return std::clamp(kShortest * static_cast<std::int64_t>(place / kStoppedPerSecond), kShortest, kLongest);
  const Duration until = std::max(std::chrono::ceil<Duration>(next_ - now), Duration::zero());
  const auto intervals =
      static_cast<std::int64_t>(std::min<std::uint64_t>(place / std::max<std::uint64_t>(batch_, 1), 1000));
  return std::clamp(until + interval_ * intervals, Duration(std::chrono::milliseconds(10)), std::max(kLongest, until));
}

void Pacer::giveBack() {
  std::lock_guard guard(mutex_);
  if (interval_ > Duration::zero()) left_ = std::min(left_ + 1, batch_);
}

void Pacer::run(bool running, SteadyTime now) {
  std::lock_guard guard(mutex_);
  if (running == running_) return;
  running_ = running;
  waiting_ = 0;
  left_ = 0;
  next_ = now;
}

bool Pacer::running() const {
  std::lock_guard guard(mutex_);
  return running_;
}

std::uint64_t Pacer::due(SteadyTime now) {
  std::lock_guard guard(mutex_);
  if (!running_ || interval_ == Duration::zero() || now < next_) return 0;
  // Intervals that were slept through are not made up for.
  next_ = now - next_ < interval_ ? next_ + interval_ : now + interval_;
  waiting_ = 0;
  left_ = 0;
  return batch_;
}

void Pacer::grant(std::uint64_t messages) {
  std::lock_guard guard(mutex_);
  left_ = std::min(messages, batch_);
}

}  // namespace penstock
