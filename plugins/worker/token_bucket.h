#pragma once

#include "worker/turns.h"

#include "penstock/time.h"

#include <algorithm>
#include <optional>

namespace penstock {

/// So many a second, and one second's worth at once. A rate of 0 bounds nothing. Those that find none are told times
/// one after the other. One thread at a time.
class TokenBucket {
public:
  explicit TokenBucket(double rate) : rate_(rate), tokens_(capacity()) {}

  /// Takes a token, or says when to come again.
  std::optional<Duration> take(SteadyTime now) {
    if (rate_ <= 0) return std::nullopt;
    fill(now);
    if (tokens_ >= 1) {
      tokens_ -= 1;
      return std::nullopt;
    }
    const Turns::Seconds one(1 / rate_);
    return turns_.next(one, one, now);
  }

  /// What was taken was not needed.
  void giveBack() { tokens_ = std::min(tokens_ + 1, capacity()); }

  /// From now on so many a second. What is full to a part stays full to that part.
  void change(double rate, SteadyTime now) {
    if (rate == rate_) return;
    fill(now);
    const double part = rate_ > 0 ? tokens_ / capacity() : 1;
    rate_ = rate;
    tokens_ = part * capacity();
    turns_.forget();
  }

  /// Nothing would be lost if it were forgotten.
  bool full(SteadyTime now) const { return filledTo(now) >= capacity() && turns_.over(now); }

private:
  double capacity() const { return std::max(rate_, 1.0); }
  double filledTo(SteadyTime now) const {
    if (filled_ == SteadyTime{} || now <= filled_) return tokens_;
    return std::min(tokens_ + std::chrono::duration<double>(now - filled_).count() * rate_, capacity());
  }
  void fill(SteadyTime now) {
    tokens_ = filledTo(now);
    filled_ = std::max(filled_, now);
  }

  double rate_;
  double tokens_;
  SteadyTime filled_{};
  Turns turns_;
};

}  // namespace penstock
