#include "redis-cache/condition.h"

#include <utility>

namespace penstock::redis_cache {

Condition::Condition(const Log& log, Gauge& connected, std::string place)
    : log_(log),
      connected_(connected),
      place_(std::move(place)),
      health_{HealthState::Degraded, sentence("it has not been reached yet")} {}

std::string Condition::sentence(const std::string& reason) const {
  return "Redis at " + place_ + " cannot be used, so that sent messages are not remembered there: " + reason;
}

void Condition::good() {
  std::lock_guard guard(mutex_);
  if (health_.state == HealthState::Ready) return;
  health_ = {};
  connected_.set(1);
  if (std::exchange(told_, false)) log_.notice("cache.available", "Redis can be used again.", {{"place", place_}});
}

void Condition::bad(const std::string& reason) {
  std::lock_guard guard(mutex_);
  std::string text = sentence(reason);
  const bool news = !std::exchange(told_, true) || health_.reason != text;
  health_ = {HealthState::Degraded, std::move(text)};
  connected_.set(0);
  if (news) log_.warning("cache.unavailable", "Redis cannot be used.", {{"place", place_}, {"reason", reason}});
}

Health Condition::health() const {
  std::lock_guard guard(mutex_);
  return health_;
}

}  // namespace penstock::redis_cache
