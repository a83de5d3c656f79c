#pragma once

#include "worker/turns.h"

#include "penstock/time.h"

#include <cstdint>
#include <optional>

namespace penstock {

/// Tokens of one name that processes share, as far as this one has leased them: a block at a time, the next one before
/// the last is used up where a block is more than one. It asks nobody itself: what it `asks` for is answered by a
/// `grant`. Parts of a token are kept. One thread at a time.
class LeasedTokens {
public:
  /// What is leased at once: a quarter of a second's worth, so that no process carries off what others need.
  static double block(double rate);

  /// Takes a token, or says when to come again. A rate of 0 bounds nothing.
  std::optional<Duration> take(double rate, SteadyTime now);

  /// What was taken was not needed.
  void giveBack() { tokens_ += 1; }

  /// Whether a block is to be asked for; true once for each, and then a grant must follow.
  bool asks();

  /// What came of it, at most a block.
  void grant(double tokens, double rate, SteadyTime now);

  /// The rate is another one: what was told by the old one is no measure any more, and what is leased is a block at
  /// most.
  void changed(double rate);

  /// What would be lost if it were forgotten has not been needed for a while.
  bool idle(SteadyTime now) const;

private:
  enum class Asking : std::uint8_t { No, Wanted, Asked };

  void want(SteadyTime now);

  double tokens_ = 0;
  Asking asking_ = Asking::No;
  double told_soon_ = 0;  ///< those that have been told to come when the answer may be there
  SteadyTime reopens_{};  ///< before this there is nothing to ask for
  SteadyTime used_{};
  Turns turns_;
};

}  // namespace penstock
