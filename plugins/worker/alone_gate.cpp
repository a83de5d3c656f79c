#include "worker/alone_gate.h"

namespace penstock {

AloneGate::Passage AloneGate::enter(bool alone, Clock& clock, const std::function<SteadyTime()>& until,
                                    const std::stop_token& stop) {
  auto passage = std::make_shared<Finally>();
  {
    std::unique_lock lock(mutex_);
    if (alone) ++suspects_waiting_;
    bool opened = open(alone);
    while (!opened && clock.now() < until()) {
      clock.wait(lock, changed_, until(), stop.stop_requested() ? std::stop_token() : stop);
      opened = open(alone);
    }
    if (alone) --suspects_waiting_;
    if (!opened) {
      passage.reset();
    } else if (alone) {
      alone_ = true;
    } else {
      ++together_;
    }
  }
  if (!passage) {
    changed_.notify_all();  // those whom a suspect has held back
    return passage;
  }
  *passage = Finally([this, alone] { leave(alone); });
  return passage;
}

bool AloneGate::open(bool alone) const {
  if (alone_) return false;
  return alone ? together_ == 0 : suspects_waiting_ == 0;
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
