#include "worker/alone_gate.h"

namespace penstock {

void AloneGate::enter(bool alone) {
  std::unique_lock lock(mutex_);
  if (alone) {
    ++suspects_waiting_;
    changed_.wait(lock, [this] { return !alone_ && together_ == 0; });
    --suspects_waiting_;
    alone_ = true;
  } else {
    changed_.wait(lock, [this] { return !alone_ && suspects_waiting_ == 0; });
    ++together_;
  }
}

void AloneGate::leave(bool alone) {
  {
    std::lock_guard guard(mutex_);
    if (alone)
      alone_ = false;
    else
      --together_;
  }
  changed_.notify_all();
}

}  // namespace penstock
