#pragma once

#include "penstock/identity.h"
#include "penstock/time.h"

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace penstock::dispatch {

namespace intrusive = boost::intrusive;

using SafeLink = intrusive::link_mode<intrusive::safe_link>;
using OrderHook = intrusive::set_member_hook<SafeLink>;
using ListHook = intrusive::list_member_hook<SafeLink>;

enum class Place : std::uint8_t { Nowhere, Ready, Leased, Scheduled, Dead };

/// Records by the order that they were published in.
struct BySequence {
  template <typename Record>
  bool operator()(const Record& a, const Record& b) const {
    return a.sequence < b.sequence;
  }
};
/// Records by their time, earlier published ones first among equals.
struct ByTime {
  template <typename Record>
  bool operator()(const Record& a, const Record& b) const {
    return a.time != b.time ? a.time < b.time : a.sequence < b.sequence;
  }
};

template <typename Record, typename Order>
using RecordSet = intrusive::multiset<Record, intrusive::compare<Order>,
                                      intrusive::member_hook<Record, OrderHook, &Record::order_hook>>;
template <typename Record>
using RecordList = intrusive::list<Record, intrusive::member_hook<Record, ListHook, &Record::since_hook>>;

/// A conversation with events in the queue. Its ready events stand in publish order; while one is leased it offers
/// none.
template <typename Record>
struct Lane {
  Digest128 name;
  RecordSet<Record, BySequence> ready;
  std::uint64_t events = 0;  ///< that belong to it, wherever they are
  std::uint64_t leased = 0;
  std::uint64_t ticket = 0;  ///< when it began to offer; lower is served first
  bool offers_suspect = false;
  ListHook offer_hook;
};

/// What one receive call is given: events of ordinary lanes, or one crash suspect.
template <typename Record>
struct Taken {
  std::vector<Record*> records;
  bool alone = false;
};

/// All conversations, and which of them have something to offer. Every step costs the same however many events or
/// conversations there are. A Record has the members lane, sequence, place, time, suspect, order_hook and since_hook.
/// Not synchronised.
template <typename Record>
class Lanes {
public:
  using Lane = dispatch::Lane<Record>;
  using Taken = dispatch::Taken<Record>;

  /// The conversation of that name, with one more event in it.
  Lane& enter(const Digest128& name) {
    Lane& lane = lanes_[name];
    lane.name = name;
    ++lane.events;
    return lane;
  }
  void leave(Lane& lane) {
    if (--lane.events == 0) lanes_.erase(lanes_.find(lane.name));
  }

  /// The event can be handed out from now on.
  void makeReady(Record& record, SteadyTime now) {
    Lane& lane = *record.lane;
    record.place = Place::Ready;
    record.time = now;
    lane.ready.insert(lane.ready.end(), record);
    by_age_.push_back(record);
    ++ready_;
    if (lane.leased == 0) offer(lane);
  }

  /// Removes up to `max` ready events for one caller and blocks their lanes. They are the caller's to place.
  Taken take(std::size_t max) {
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

  /// Removes a ready event that nobody is to have from here.
  void remove(Record& record) {
    Lane& lane = *record.lane;
    lane.ready.erase(lane.ready.iterator_to(record));
    by_age_.erase(by_age_.iterator_to(record));
    --ready_;
    if (!lane.offer_hook.is_linked()) return;
    withdraw(lane);
    if (!lane.ready.empty()) offer(lane);
  }

  /// One more event of the lane is leased, though not by take.
  void block(Lane& lane) {
    ++lane.leased;
    withdraw(lane);
  }
  /// One event of a blocked lane is no longer leased.
  void unblock(Lane& lane) {
    if (--lane.leased == 0 && !lane.ready.empty()) offer(lane);
  }

  bool offers() const { return !ordinary_.empty() || !suspects_.empty(); }
  std::uint64_t ready() const { return ready_; }
  /// The event that has been ready longest, or nullptr.
  const Record* oldest() const { return by_age_.empty() ? nullptr : &by_age_.front(); }

private:
  using Offers = intrusive::list<Lane, intrusive::member_hook<Lane, ListHook, &Lane::offer_hook>>;

  Record& pop(Lane& lane) {
    Record& record = *lane.ready.begin();
    lane.ready.erase(lane.ready.begin());
    by_age_.erase(by_age_.iterator_to(record));
    --ready_;
    ++lane.leased;
    return record;
  }

  void offer(Lane& lane) {
    const bool suspect = lane.ready.begin()->suspect;
    if (lane.offer_hook.is_linked()) {
      if (lane.offers_suspect == suspect) return;
      withdraw(lane);
    }
    lane.offers_suspect = suspect;
    lane.ticket = ++last_ticket_;
    offersOf(lane).push_back(lane);
  }

  void withdraw(Lane& lane) {
    if (lane.offer_hook.is_linked()) offersOf(lane).erase(offersOf(lane).iterator_to(lane));
  }
  Offers& offersOf(const Lane& lane) { return lane.offers_suspect ? suspects_ : ordinary_; }

  std::unordered_map<Digest128, Lane, IdentityHash> lanes_;
  Offers ordinary_;
  Offers suspects_;
  RecordList<Record> by_age_;
  std::uint64_t ready_ = 0;
  std::uint64_t last_ticket_ = 0;
};

}  // namespace penstock::dispatch
