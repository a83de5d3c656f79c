#pragma once

#include "memory-queue/record.h"

#include <cstdint>
#include <functional>
#include <unordered_map>

namespace penstock::memory_queue {

/// How far a walk over the dead letters has come; it goes on from there whatever became of them in between.
struct DeadWalk {
  enum class Order : std::uint8_t { NewestFirst, OldestFirst };
  Order order = Order::NewestFirst;
  WallTime dead_at{};
  Uuid id{};
  bool begun = false;
};

/// The dead letters, by age and by id. Not synchronised.
class DeadRoom {
public:
  void add(Record& record, SteadyTime now);
  void remove(Record& record);

  /// One with that id, or nullptr.
  Record* find(const Uuid& id) const;
  /// Those among the filter's ids that it lets through, newest first.
  std::vector<Record*> named(const DeadLetterFilter& filter);
  /// Looks at the next `most` of all and gives `visit` those the filter lets through, until it answers false. False
  /// when there is nothing more to be seen. A filter with ids is done at once.
  bool walk(const DeadLetterFilter& filter, DeadWalk& walk, std::size_t most,
            const std::function<bool(const Record&)>& visit);
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

  /// The same order, of a record and the place that a walk has reached.
  struct AgainstWalk {
    bool operator()(const Record& record, const DeadWalk& walk) const {
      if (record.history->dead_at != walk.dead_at) return record.history->dead_at > walk.dead_at;
      return record.id < walk.id;
    }
    bool operator()(const DeadWalk& walk, const Record& record) const {
      if (record.history->dead_at != walk.dead_at) return walk.dead_at > record.history->dead_at;
      return walk.id < record.id;
    }
  };

  RecordSet<NewestFirst> newest_first_;
  RecordList by_retention_;
  std::unordered_multimap<Uuid, Record*, IdentityHash> by_id_;
  std::uint64_t bytes_ = 0;
};

}  // namespace penstock::memory_queue
