#include "memory-queue/dead_room.h"

#include <algorithm>

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

std::vector<Record*> DeadRoom::matching(const DeadLetterFilter& filter) {
  std::vector<Record*> found;
  if (filter.ids.empty()) {
    for (Record& record : newest_first_)
      if (matches(filter, record)) found.push_back(&record);
    return found;
  }
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

}  // namespace penstock::memory_queue
