#pragma once

#include "penstock/control.h"
#include "penstock/time.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace penstock {

/// `batch` tokens for each interval that all processes on one store share. They lie in a few buckets, each taken whole:
/// whoever needs one token must not carry off all of them, and a bucket holds as much as is asked of it at once.
/// Parts of a token are kept. One thread at a time.
class SharedPace {
public:
  /// Both greater than 0.
  SharedPace(Control& control, Duration interval, std::uint64_t batch);

  /// From now on tokens of another name, all of which are there unless that name was used within an interval.
  void open(const std::string& name);

  /// Gathers tokens until there are `wanted` of them or no bucket has any. [blocks] [throws: StoreUnavailable]
  void gather(std::uint64_t wanted, SteadyTime now);

  /// Whole tokens at hand.
  std::uint64_t whole() const;
  /// Uses so many of them.
  void use(std::uint64_t tokens);

  /// How long it takes until there are `wanted` tokens, if nobody else takes any.
  Duration until(std::uint64_t wanted) const;

private:
  struct Bucket {
    std::string name;
    double size = 0;
    SteadyTime full_at{};  ///< as far as this process has seen
  };

  Control& control_;
  const std::chrono::duration<double> interval_;
  const double batch_;
  std::vector<Bucket> buckets_;
  double tokens_ = 0;
};

}  // namespace penstock
