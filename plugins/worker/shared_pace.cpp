#include "worker/shared_pace.h"

#include <algorithm>
#include <cmath>

namespace penstock {

namespace {

constexpr std::uint64_t kMostBuckets = 8;
constexpr double kRounding = 1e-6;  // of a token

/// A bucket holds a second's worth at least, so parting those of short intervals would part nothing.
std::size_t bucketsFor(Duration interval, std::uint64_t batch) {
  if (interval < std::chrono::seconds(1)) return 1;
  return static_cast<std::size_t>(std::min(batch, kMostBuckets));
}

}  // namespace

SharedPace::SharedPace(Control& control, Duration interval, std::uint64_t batch)
    : control_(control),
      interval_(interval),
      batch_(static_cast<double>(batch)),
      buckets_(bucketsFor(interval, batch)) {
  for (std::size_t i = 0; i < buckets_.size(); ++i)
    buckets_[i].size = static_cast<double>(batch / buckets_.size() + (i < batch % buckets_.size() ? 1 : 0));
}

void SharedPace::open(const std::string& name) {
  tokens_ = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    buckets_[i].name = name + '.' + std::to_string(i);
    buckets_[i].full_at = {};
  }
}

void SharedPace::gather(std::uint64_t wanted, SteadyTime now) {
  const SteadyTime full_again = now + std::chrono::ceil<SteadyTime::duration>(interval_);
  // Full ones first: what fills up is left for those who wait for it.
  for (const bool full : {true, false})
    for (Bucket& bucket : buckets_) {
      if (tokens_ + kRounding >= static_cast<double>(wanted)) return;
      if ((bucket.full_at <= now) != full || bucket.full_at == full_again) continue;
      const double taken = control_.take(bucket.name, bucket.size, bucket.size / interval_.count());
      if (std::isfinite(taken)) tokens_ += std::clamp(taken, 0.0, bucket.size);
      bucket.full_at = full_again;
    }
}

std::uint64_t SharedPace::whole() const { return static_cast<std::uint64_t>(tokens_ + kRounding); }

void SharedPace::use(std::uint64_t tokens) { tokens_ = std::max(tokens_ - static_cast<double>(tokens), 0.0); }

Duration SharedPace::until(std::uint64_t wanted) const {
  const double missing = std::max(static_cast<double>(wanted) - tokens_, 0.0);
  return std::chrono::ceil<Duration>(missing / batch_ * interval_);
}

}  // namespace penstock
