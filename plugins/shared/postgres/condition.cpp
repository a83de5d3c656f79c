#include "shared/postgres/condition.h"

#include <utility>

namespace penstock::postgres {

void Condition::good() {
  std::lock_guard guard(mutex_);
  if (health_.state == HealthState::Ready) return;
  health_ = {};
  up_.set(1);
  if (std::exchange(told_, false)) log_.notice(what_ + ".available", "The database can be used again.");
}

void Condition::bad(const std::string& reason) {
  std::lock_guard guard(mutex_);
  const bool news = !std::exchange(told_, true) || health_.reason != "the database cannot be used: " + reason;
  health_ = {HealthState::Down, "the database cannot be used: " + reason};
  up_.set(0);
  if (news) log_.error(what_ + ".unavailable", "The database cannot be used.", {{"reason", reason}});
}

Health Condition::health() const {
  std::lock_guard guard(mutex_);
  return health_;
}

}  // namespace penstock::postgres
