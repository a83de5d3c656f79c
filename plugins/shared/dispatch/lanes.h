#pragma once

#include "memory-queue/record.h"

#include <unordered_map>

namespace penstock::memory_queue {

/// A conversation with events in the queue. Its ready events stand in publish order; while one is leased it offers
/// none.
struct Lane {
  Digest128 name;
  RecordSet<BySequence> ready;
  std::uint64_t events = 0;  ///< live and dead
  std::uint64_t leased = 0;
  std::uint64_t ticket = 0;  ///< when it began to offer; lower is served first
  bool offers_suspect = false;
  intrusive::list_member_hook<Record::SafeLink> offer_hook;
};

/// What one receive call is given: events of ordinary lanes, or one crash suspect.
struct Taken {
  std::vector<Record*> records;
  bool alone = false;
};

/// All conversations, and which of them have something to offer. Every step costs the same however many events or
/// conversations there are. Not synchronised.
class Lanes {
public:
  /// The conversation of that name, with one more event in it.
  Lane& enter(const Digest128& name);
  void leave(Lane& lane);

  /// The event can be handed out from now on.
  void makeReady(Record& record, SteadyTime now);
  /// Removes up to `max` ready events for one caller and blocks their lanes. They are the caller's to place.
  Taken take(std::size_t max);
  /// One event of a blocked lane is no longer leased.
  void unblock(Lane& lane);

  bool offers() const { return !ordinary_.empty() || !suspects_.empty(); }
  std::uint64_t ready() const { return ready_; }
  /// The event that has been ready longest, or nullptr.
  const Record* oldest() const { return by_age_.empty() ? nullptr : &by_age_.front(); }

private:
  using Offers =
      intrusive::list<Lane,
                      intrusive::member_hook<Lane, intrusive::list_member_hook<Record::SafeLink>, &Lane::offer_hook>>;

  Record& pop(Lane& lane);
  void offer(Lane& lane);
  void withdraw(Lane& lane);
  Offers& offersOf(const Lane& lane) { return lane.offers_suspect ? suspects_ : ordinary_; }

  std::unordered_map<Digest128, Lane, IdentityHash> lanes_;
  Offers ordinary_;
  Offers suspects_;
  RecordList by_age_;
  std::uint64_t ready_ = 0;
  std::uint64_t last_ticket_ = 0;
};

}  // namespace penstock::memory_queue
