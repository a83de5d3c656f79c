#pragma once

#include "penstock/time.h"

#include <random>

namespace penstock {

struct BackoffOptions {
  Duration first{};    ///< bound of the first wait
  Duration longest{};  ///< no bound is greater
};

/// Exponential backoff with full jitter: a random part of a bound that doubles
/// (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). At least a tenth of the bound is
/// waited, so that no luck makes a busy loop. [one thread at a time]
class Backoff {
public:
  explicit Backoff(BackoffOptions options) : options_(options), bound_(options.first) {}

  /// How long to wait after one more failure.
  Duration next();
  /// It went well.
  void reset() { bound_ = options_.first; }

private:
  BackoffOptions options_;
  Duration bound_;
  std::mt19937_64 random_{std::random_device{}()};
};

}  // namespace penstock
