#include "memory-queue/lanes.h"

namespace penstock::memory_queue {

Lane& Lanes::enter(const Digest128& name) {
  Lane& lane = lanes_[name];
  lane.name = name;
  ++lane.events;
  return lane;
}

void Lanes::leave(Lane& lane) {
  if (--lane.events == 0) lanes_.erase(lanes_.find(lane.name));
}

void Lanes::makeReady(Record& record, SteadyTime now) {
  Lane& lane = *record.lane;
  record.place = Place::Ready;
  record.time = now;
  lane.ready.insert(lane.ready.end(), record);
  by_age_.push_back(record);
  ++ready_;
  if (lane.leased == 0) offer(lane);
}

Record& Lanes::pop(Lane& lane) {
  Record& record = *lane.ready.begin();
  lane.ready.erase(lane.ready.begin());
  by_age_.erase(by_age_.iterator_to(record));
  --ready_;
  ++lane.leased;
  return record;
}

Taken Lanes::take(std::size_t max) {
  Taken taken;
  if (max == 0 || !offers()) return taken;
  if (ordinary_.empty() || (!suspects_.empty() && suspects_.front().ticket < ordinary_.front().ticket)) {
    Lane& lane = suspects_.front();
    withdraw(lane);
    taken.records.push_back(&pop(lane));
    taken.alone = true;
    return taken;
  }
  while (taken.records.size() < max && !ordinary_.empty()) {
    Lane& lane = ordinary_.front();
    ordinary_.pop_front();
    taken.records.push_back(&pop(lane));
    if (!lane.ready.empty() && !lane.ready.begin()->suspect) ordinary_.push_back(lane);
  }
  for (const Record* record : taken.records) withdraw(*record->lane);
  return taken;
}

void Lanes::unblock(Lane& lane) {
  if (--lane.leased == 0 && !lane.ready.empty()) offer(lane);
}

void Lanes::offer(Lane& lane) {
  const bool suspect = lane.ready.begin()->suspect;
  if (lane.offer_hook.is_linked()) {
    if (lane.offers_suspect == suspect) return;
    withdraw(lane);
  }
  lane.offers_suspect = suspect;
  lane.ticket = ++last_ticket_;
  offersOf(lane).push_back(lane);
}

void Lanes::withdraw(Lane& lane) {
  if (lane.offer_hook.is_linked()) offersOf(lane).erase(offersOf(lane).iterator_to(lane));
}

}  // namespace penstock::memory_queue
