#include "memory-queue/dead_room.h"

#include <algorithm>
#include <iterator>

namespace penstock::memory_queue {
namespace {

bool matches(const DeadLetterFilter& filter, const Record& record) {
  const History& history = *record.history;
  if (filter.customer && *filter.customer != record.customer) return false;
  if (filter.reason && clipped(*filter.reason) != history.reason) return false;
  if (filter.provider && *filter.provider != history.provider) return false;
  if (filter.cause && *filter.cause != history.cause) return false;
  if (filter.kind && *filter.kind != record.kind) return false;
  if (filter.dead_since && history.dead_at < *filter.dead_since) return false;
  return !filter.dead_before || history.dead_at < *filter.dead_before;
}

}  // namespace

void DeadRoom::add(Record& record, SteadyTime now) {
  record.place = Place::Dead;
  record.time = now;
  newest_first_.insert(newest_first_.begin(), record);
  by_retention_.push_back(record);
  by_id_.emplace(record.id, &record);
  bytes_ += record.bytes();
}

void DeadRoom::remove(Record& record) {
  newest_first_.erase(newest_first_.iterator_to(record));
  by_retention_.erase(by_retention_.iterator_to(record));
  auto [at, end] = by_id_.equal_range(record.id);
  by_id_.erase(std::find_if(at, end, [&](const auto& entry) { return entry.second == &record; }));
  bytes_ -= record.bytes();
}

Record* DeadRoom::find(const Uuid& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

std::vector<Record*> DeadRoom::named(const DeadLetterFilter& filter) {
  std::vector<Record*> found;
  for (const Uuid& id : filter.ids) {
    const auto [at, end] = by_id_.equal_range(id);
    for (auto entry = at; entry != end; ++entry)
      if (matches(filter, *entry->second)) found.push_back(entry->second);
  }
  std::sort(found.begin(), found.end(), [](const Record* a, const Record* b) {
    return NewestFirst{}(*a, *b) || (!NewestFirst{}(*b, *a) && a->sequence < b->sequence);
  });
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

bool DeadRoom::walk(const DeadLetterFilter& filter, DeadWalk& walk, std::size_t most,
                    const std::function<bool(const Record&)>& visit) {
  const bool newest_first = walk.order == DeadWalk::Order::NewestFirst;
  if (!filter.ids.empty()) {
    std::vector<Record*> found = named(filter);
    if (!newest_first) std::reverse(found.begin(), found.end());
    (void)std::all_of(found.begin(), found.end(), [&](const Record* record) { return visit(*record); });
    return false;
  }
  const auto look = [&](auto next, auto end) {
    for (std::size_t looked = 0; next != end; ++next, ++looked) {
      const Record& record = *next;
      if (looked == most) return true;
      walk.begun = true;
      walk.dead_at = record.history->dead_at;
      walk.id = record.id;
      if (matches(filter, record) && !visit(record)) return false;
    }
    return false;
  };
  if (newest_first) {
    const auto first = walk.begun ? newest_first_.upper_bound(walk, AgainstWalk{}) : newest_first_.begin();
    return look(first, newest_first_.end());
  }
  const auto behind = walk.begun ? newest_first_.lower_bound(walk, AgainstWalk{}) : newest_first_.end();
  return look(std::make_reverse_iterator(behind), std::make_reverse_iterator(newest_first_.begin()));
}

}  // namespace penstock::memory_queue
