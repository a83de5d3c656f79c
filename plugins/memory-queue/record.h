#pragma once

#include "penstock/dead_letters.h"

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::memory_queue {

namespace intrusive = boost::intrusive;

struct Lane;

/// Longest reason kept of a failed attempt; the rest is cut off.
inline constexpr std::size_t kReasonBytes = 1024;
inline constexpr std::size_t kFailuresKept = 50;

/// What went wrong with an event so far; kept through replays.
struct History {
  std::vector<Failure> failures;  ///< oldest first, at most the last 50
  std::string reason;             ///< why it is dead
  WallTime dead_at{};
  std::uint32_t replays = 0;

  std::uint64_t bytes() const;
};

enum class Place : std::uint8_t { Nowhere, Ready, Leased, Scheduled, Dead };

/// An event in the queue, live or dead, and its place in every order it takes part in.
struct Record {
  explicit Record(const Event& event);

  /// Bytes it counts for: its serialised text and the reasons it has collected.
  std::uint64_t bytes() const { return text->size() + (history ? history->bytes() : 0); }
  History& past();
  void addFailure(WallTime at, std::string_view why);

  std::shared_ptr<const std::string> text;  ///< serialised; shared so that it is read outside the lock
  Uuid id;
  Digest128 key;
  Digest128 fingerprint;
  Digest128 conversation;  ///< hash of customer and conversation: names chosen by strangers cannot collide
  std::string customer;
  Kind kind;

  Lane* lane = nullptr;
  std::uint64_t sequence = 0;  ///< publish order over all events
  WallTime published_at{};

  Place place = Place::Nowhere;
  SteadyTime time{};        ///< ready since, leased until, scheduled for, or dead since
  std::uint64_t lease = 0;  ///< number of the current lease
  std::uint32_t attempt = 0;
  std::uint32_t earlier_attempts = 0;  ///< of the lives before a replay
  std::uint32_t expiries_alone = 0;
  bool suspect = false;  ///< its lease ran out: to be handed out alone
  bool alone = false;    ///< the current lease is alone
  std::unique_ptr<History> history;

  using SafeLink = intrusive::link_mode<intrusive::safe_link>;
  intrusive::set_member_hook<SafeLink> order_hook;   ///< in its lane, in the timers, or among the dead by age
  intrusive::list_member_hook<SafeLink> since_hook;  ///< among the ready, or among the dead by retention
};

using RecordList =
    intrusive::list<Record,
                    intrusive::member_hook<Record, intrusive::list_member_hook<Record::SafeLink>, &Record::since_hook>>;

template <typename Order>
using RecordSet = intrusive::multiset<
    Record, intrusive::compare<Order>,
    intrusive::member_hook<Record, intrusive::set_member_hook<Record::SafeLink>, &Record::order_hook>>;

struct BySequence {
  bool operator()(const Record& a, const Record& b) const { return a.sequence < b.sequence; }
};
struct ByTime {
  bool operator()(const Record& a, const Record& b) const {
    return a.time != b.time ? a.time < b.time : a.sequence < b.sequence;
  }
};

/// Adds `step` to `now`; steps that no one will live to see count as ten years, negative ones as nothing.
SteadyTime after(SteadyTime now, Duration step);
Duration bounded(Duration step);

/// At most kReasonBytes of the text, cut between two characters.
std::string_view clipped(std::string_view reason);

}  // namespace penstock::memory_queue
