#pragma once

#include "penstock/dead_letters.h"
#include "shared/dispatch/lanes.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::memory_queue {

namespace intrusive = dispatch::intrusive;
using dispatch::ByTime;
using dispatch::Place;
using dispatch::SafeLink;

struct Record;
using Lane = dispatch::Lane<Record>;
using Lanes = dispatch::Lanes<Record>;
using Taken = dispatch::Taken<Record>;

/// Longest reason kept of a failed attempt; the rest is cut off.
inline constexpr std::size_t kReasonBytes = 1024;
inline constexpr std::size_t kFailuresKept = 50;

/// What went wrong with an event so far; kept through replays.
struct History {
  std::vector<Failure> failures;  ///< oldest first, at most the last 50
  std::string reason;             ///< why it is dead
  std::string cause;
  std::string provider;  ///< who was asked to send it, or who reported it
  WallTime dead_at{};
  std::uint32_t replays = 0;

  std::uint64_t bytes() const;
};

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
  std::string provider;  ///< the event's own
  Kind kind;

  Lane* lane = nullptr;
  std::uint64_t sequence = 0;  ///< publish order over all events
  SteadyTime born{};           ///< published or, when replayed, due

  Place place = Place::Nowhere;
  SteadyTime time{};        ///< ready since, leased until, scheduled for, or dead since
  std::uint64_t lease = 0;  ///< number of the current lease
  std::uint32_t attempt = 0;
  std::uint32_t earlier_attempts = 0;  ///< of the lives before a replay
  std::uint32_t expiries_alone = 0;
  bool suspect = false;  ///< its lease ran out: to be handed out alone
  bool alone = false;    ///< the current lease is alone
  std::string waits;     ///< before this attempt, as dispatch::readWaits reads them
  std::unique_ptr<History> history;

  dispatch::OrderHook order_hook;  ///< in its lane, in the timers, or among the dead by age
  dispatch::ListHook since_hook;   ///< among the ready, or among the dead by retention
};

using RecordList = dispatch::RecordList<Record>;
template <typename Order>
using RecordSet = dispatch::RecordSet<Record, Order>;

/// Adds `step` to `now`; steps that no one will live to see count as ten years, negative ones as nothing.
SteadyTime after(SteadyTime now, Duration step);
Duration bounded(Duration step);

/// At most kReasonBytes of the text, cut between two characters.
std::string_view clipped(std::string_view reason);

}  // namespace penstock::memory_queue
