#pragma once

#include "memory-queue/record.h"

#include <unordered_map>

namespace penstock::memory_queue {

/// The dead letters, by age and by id. Not synchronised.
class DeadRoom {
public:
  void add(Record& record, SteadyTime now);
  void remove(Record& record);

  /// One with that id, or nullptr.
  Record* find(const Uuid& id) const;
  /// Those the filter lets through, newest first.
  std::vector<Record*> matching(const DeadLetterFilter& filter);
  /// The one that has been dead longest, or nullptr.
  Record* oldest() { return by_retention_.empty() ? nullptr : &by_retention_.front(); }

  std::uint64_t size() const { return by_id_.size(); }
  std::uint64_t bytes() const { return bytes_; }

private:
  /// Newest first, id breaks ties.
  struct NewestFirst {
    bool operator()(const Record& a, const Record& b) const {
      if (a.history->dead_at != b.history->dead_at) return a.history->dead_at > b.history->dead_at;
      return a.id < b.id;
    }
  };

  RecordSet<NewestFirst> newest_first_;
  RecordList by_retention_;
  std::unordered_multimap<Uuid, Record*, IdentityHash> by_id_;
  std::uint64_t bytes_ = 0;
};

}  // namespace penstock::memory_queue
