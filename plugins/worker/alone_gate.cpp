#include "worker/alone_gate.h"

#include <algorithm>

namespace penstock {

AloneGate::Passage AloneGate::enter(bool alone, Clock& clock, const std::function<SteadyTime()>& until,
                                    const std::stop_token& stop) {
  auto passage = std::make_shared<Finally>();
  {
    std::unique_lock lock(mutex_);
    std::size_t& waiting = alone ? suspects_waiting_ : batches_waiting_;
    ++waiting;
    bool opened = open(alone);
    while (!opened && clock.now() < until()) {
      clock.wait(lock, changed_, until(), stop.stop_requested() ? std::stop_token() : stop);
      opened = open(alone);
    }
    --waiting;
    if (!alone && their_turn_ > 0 && opened) --their_turn_;
    their_turn_ = std::min(their_turn_, batches_waiting_);
    if (!opened) {
      passage.reset();
    } else if (alone) {
      alone_ = true;
    } else {
      ++together_;
    }
  }
  changed_.notify_all();  // those whom it has held back
  if (!passage) return passage;
  *passage = Finally([this, alone] { leave(alone); });
  return passage;
}

bool AloneGate::open(bool alone) const {
  if (alone_) return false;
  if (alone) return together_ == 0 && their_turn_ == 0;
  return suspects_waiting_ == 0 || their_turn_ > 0;
}

void AloneGate::leave(bool alone) {
  {
    std::lock_guard guard(mutex_);
    if (alone) {
      alone_ = false;
      their_turn_ = batches_waiting_;
    } else {
      --together_;
    }
  }
  changed_.notify_all();
}

}  // namespace penstock
