#pragma once

#include "shared/durable/journal.h"

#include <unordered_map>

namespace penstock::durable {

/// The part of a journal that this process holds in memory: events to hand out next, and those it has handed out.
/// Decides who may get which event now. Not synchronised.
class Window {
public:
  ~Window();

  /// Takes in an event unless it is here already.
  void admit(std::unique_ptr<Item> item, SteadyTime now);
  bool holds(std::uint64_t sequence) const { return items_.contains(sequence); }
  /// Forgets ready events of these partitions.
  void revoke(std::uint64_t partitions);

  /// Up to `max` events for one caller, at Place::Nowhere; their conversations are blocked.
  dispatch::Taken<Item> take(std::size_t max);
  /// Gives back what was taken and not handed out.
  void putBack(Item& item, SteadyTime now);
  /// Another process has leased this event until then.
  void adopt(std::unique_ptr<Item> item, SteadyTime until);
  /// Takes out everything: what is ready, what is handed out from here, the leases of others.
  void clear(SteadyTime now);
  /// The leases of others that are held here.
  std::vector<Item*> foreign() const;
  /// The sequences of what is handed out from here or elsewhere.
  std::vector<std::uint64_t> leasedSequences() const;
  /// Everything up to there has been handed out, as far as is held here.
  std::uint64_t floor(std::uint64_t read_to) const;

  /// The taken event is handed out until then.
  void lease(Item& item, SteadyTime until);

  /// The event that this token names, while its lease is not ended here.
  Item* leased(const LeaseToken& token) const;
  void endLease(Item& item, Fate fate, SteadyTime now);
  /// Leases that have run out.
  std::vector<Item*> overdue(SteadyTime now) const;
  /// When the next lease runs out.
  SteadyTime nextExpiry() const { return leases_.empty() ? SteadyTime::max() : leases_.begin()->time; }

  bool offers() const { return lanes_.offers(); }
  std::uint64_t ready() const { return lanes_.ready(); }
  std::uint64_t leasedCount() const { return leased_; }  ///< by this process
  /// Ready events that the journal keeps a state of.
  std::uint64_t touched() const { return touched_; }
  std::uint64_t bytes() const { return bytes_; }
  const Item* oldest() const { return lanes_.oldest(); }

  template <typename Visitor>
  void eachTouched(Visitor&& visit) const {
    for (const auto& [sequence, item] : items_)
      if (item->touched && item->place == Place::Ready) visit(*item);
  }

private:
  void makeReady(Item& item, SteadyTime since);
  void drop(Item& item);

  std::unordered_map<std::uint64_t, std::unique_ptr<Item>> items_;
  Lanes lanes_;
  dispatch::RecordSet<Item, dispatch::ByTime> leases_;
  std::uint64_t leased_ = 0;
  std::uint64_t touched_ = 0;
  std::uint64_t bytes_ = 0;
};

/// What a holder is given to end its lease with.
LeaseToken tokenOf(const Item& item);

}  // namespace penstock::durable
