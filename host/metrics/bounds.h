#pragma once

#include "penstock/metrics.h"

#include <span>

namespace penstock {

/// Upper bounds in seconds, ascending, without the last bucket that takes everything.
std::span<const double> upperBounds(Buckets buckets);

}  // namespace penstock
