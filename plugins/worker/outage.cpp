#include "worker/outage.h"

#include <algorithm>
#include <random>

namespace penstock {

namespace {

/// Between half of `pause` and all of it, so that processes that lost the same server do not come back in step.
Duration jittered(Duration pause) {
  thread_local std::minstd_rand random{std::random_device{}()};
  std::uniform_int_distribution<Duration::rep> share(pause.count() / 2, pause.count());
  return Duration(share(random));
}

}  // namespace

bool Outage::mayAsk(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (failures_ == 0) return true;
  const SteadyTime now = clock_.now();
  if (now >= next_try_) {
    next_try_ = now + longest_;
    return true;
  }
  clock_.wait(lock, changed_, next_try_, stop);
  return false;
}

bool Outage::back() {
  {
    std::lock_guard guard(mutex_);
    if (failures_ == 0) return false;
    failures_ = 0;
  }
  changed_.notify_all();
  return true;
}

void Outage::calm(SteadyTime moment) {
  {
    std::lock_guard guard(mutex_);
    if (failures_ == 0 || last_failure_ >= moment) return;
    failures_ = 0;
  }
  changed_.notify_all();
}

bool Outage::away() {
  std::lock_guard guard(mutex_);
  const SteadyTime now = clock_.now();
  if (failures_ == 0) since_ = now;
  last_failure_ = now;
  const unsigned doublings = std::min(failures_, 20U);
  next_try_ = now + jittered(std::min(Duration(first_.count() << doublings), longest_));
  return ++failures_ == 1;
}

std::optional<std::string> Outage::sentence() const {
  std::lock_guard guard(mutex_);
  if (failures_ == 0) return std::nullopt;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(clock_.now() - since_).count();
  return what_ + " has been unavailable for " + std::to_string(seconds) + " s";
}

}  // namespace penstock
