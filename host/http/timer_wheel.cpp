#include "http/timer_wheel.h"

#include <algorithm>
#include <limits>

namespace penstock {

std::uint64_t TimerWheel::tickOf(SteadyTime at) const {
  if (at <= start_) return 0;
  return static_cast<std::uint64_t>((at - start_) / kTick);
}

void TimerWheel::place(Entry& entry) {
  entry.slot_ = std::clamp(entry.due_, now_ + 1, now_ + kSlots - 1);
  slots_[entry.slot_ % kSlots].push_back(entry);
}

void TimerWheel::set(Entry& entry, SteadyTime at) {
  entry.due_ = at == kNever ? std::numeric_limits<std::uint64_t>::max() : tickOf(at) + 1;
  if (entry.is_linked() && entry.slot_ <= entry.due_) return;
  remove(entry);
  place(entry);
}

void TimerWheel::advance(SteadyTime now) {
  const std::uint64_t last = tickOf(now);
  while (now_ < last) {
    ++now_;
    List due;
    due.splice(due.end(), slots_[now_ % kSlots]);
    while (!due.empty()) {
      Entry& entry = due.front();
      due.pop_front();
      if (entry.due_ > now_)
        place(entry);
      else
        entry.expire(now);
    }
  }
}

}  // namespace penstock
