#pragma once

#include "penstock/time.h"

#include <algorithm>
#include <optional>

namespace penstock {

/// So many a second, and one second's worth at once. A rate of 0 bounds nothing. Those that find none are told times
/// one after the other, so that they do not all come back at once. One thread at a time.
class TokenBucket {
public:
  explicit TokenBucket(double rate) : rate_(rate), tokens_(capacity()) {}

  static constexpr Duration kLongest = std::chrono::minutes(1);

  /// Takes a token, or says when to come again.
  std::optional<Duration> take(SteadyTime now) {
    if (rate_ <= 0) return std::nullopt;
    fill(now);
    if (tokens_ >= 1) {
      tokens_ -= 1;
      return std::nullopt;
    }
    const std::chrono::duration<double> step(1 / rate_);
    next_ = std::max(next_, now) +
            std::chrono::ceil<SteadyTime::duration>(std::min(step, std::chrono::duration<double>(kLongest)));
    const auto wait = std::chrono::ceil<Duration>(next_ - now);
    if (wait < kLongest) return wait;
    next_ = now;
    return kLongest;
  }

  /// What was taken was not needed.
  void giveBack() { tokens_ = std::min(tokens_ + 1, capacity()); }

  /// Nothing would be lost if it were forgotten.
  bool full(SteadyTime now) const { return filledTo(now) >= capacity() && next_ <= now; }

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
  SteadyTime next_{};  ///< given to the last one that found none
};

}  // namespace penstock
