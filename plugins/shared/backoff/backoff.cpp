#include "shared/backoff/backoff.h"

#include <algorithm>

namespace penstock {

Duration Backoff::next() {
  const Duration bound = std::min(bound_, options_.longest);
  bound_ = std::min(bound_ * 2, options_.longest);
  return Duration(std::uniform_int_distribution<Duration::rep>(bound.count() / 10, bound.count())(random_));
}

}  // namespace penstock
