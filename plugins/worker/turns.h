#pragma once

#include "penstock/time.h"

#include <algorithm>
#include <chrono>

namespace penstock {

/// Tells those that find no room when to come again: one after the other, so that they do not all come back at once. Up
/// to a minute they are told a time when there may be room; later ones come as close to each other as does no harm,
/// whatever there is room for, so that they soon meet a limit that has changed. One thread at a time.
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
    last_ = std::min(last_, now + kLongest);
    later_ = std::max(later_ + kBetween, now + kLongest);
    return std::chrono::ceil<Duration>(later_ - now);
  }

  /// All of them may have come.
  bool over(SteadyTime now) const { return last_ <= now && later_ <= now; }

  /// What was told is no measure any more.
  void forget() { last_ = later_ = {}; }

private:
  static constexpr Duration kBetween = std::chrono::milliseconds(5);

  SteadyTime last_{};   ///< given to the one before, up to a minute
  SteadyTime later_{};  ///< given to the one before, from a minute on
};

}  // namespace penstock
