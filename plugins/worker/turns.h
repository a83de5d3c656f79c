#pragma once

#include "penstock/time.h"

#include <algorithm>
#include <chrono>

namespace penstock {

/// Tells those that find no room when to come again: one after the other, so that they do not all come back at once,
/// and nobody in more than a minute. One thread at a time.
class Turns {
public:
  using Seconds = std::chrono::duration<double>;
  static constexpr Duration kLongest = std::chrono::minutes(1);

  /// What is longer than the longest wait is not told anyway, and may be beyond what the clock can say.
  static SteadyTime::duration bounded(Seconds time) {
    return std::chrono::ceil<SteadyTime::duration>(std::min(time, Seconds(kLongest)));
  }

  /// How long the next one is to wait: `first`, or until `step` after the one before it if that is later.
  Duration next(Seconds first, Seconds step, SteadyTime now) {
    last_ = std::max(last_ + bounded(step), now + bounded(first));
    const auto wait = std::chrono::ceil<Duration>(last_ - now);
    if (wait < kLongest) return wait;
    last_ = now;
    return kLongest;
  }

  /// All of them may have come.
  bool over(SteadyTime now) const { return last_ <= now; }

  /// What was told is no measure any more.
  void forget() { last_ = {}; }

private:
  SteadyTime last_{};  ///< given to the one before
};

}  // namespace penstock
