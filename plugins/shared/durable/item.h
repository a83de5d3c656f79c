#pragma once

#include "shared/dispatch/lanes.h"

#include "penstock/queue.h"

#include <memory>
#include <string>

namespace penstock::durable {

struct Item;
using Lane = dispatch::Lane<Item>;
using Lanes = dispatch::Lanes<Item>;
using dispatch::Place;

/// An event that this process may hand out or has handed out; the journal holds it too.
struct Item {
  std::uint64_t sequence = 0;  ///< publish order; names the event in its journal
  Uuid id;
  Digest128 conversation;                   ///< hash of customer and conversation
  std::shared_ptr<const std::string> text;  ///< serialised
  Duration age{};                           ///< since it was published or replayed, when it was read
  Duration ready_for{};                     ///< how long it had been ready when it was read
  std::uint32_t attempts = 0;               ///< handed out so often
  std::uint32_t earlier_attempts = 0;       ///< before the last replay
  std::uint32_t expiries_alone = 0;
  std::string waits;           ///< before the next attempt, as dispatch::readWaits reads them
  std::uint8_t partition = 0;  ///< below 64; what processes share out among themselves
  std::int16_t slot = -1;      ///< the journal's table that holds it; -1: among those that have come back
  bool foreign = false;        ///< another process has leased it: it only keeps its conversation waiting
  bool suspect = false;        ///< to be handed out alone
  bool alone = false;          ///< the present lease is alone
  bool touched = false;        ///< has come back at least once, so its journal keeps a state of it

  std::uint64_t lease = 0;  ///< number of the present lease
  bool ending = false;      ///< its end is being committed
  Lane* lane = nullptr;
  Place place = Place::Nowhere;
  SteadyTime time{};  ///< ready since, or leased until
  SteadyTime born{};  ///< what its age counts from
  dispatch::OrderHook order_hook;
  dispatch::ListHook since_hook;
};

/// Adds `step` to `now`; steps that no one will live to see count as ten years, negative ones as nothing.
Duration bounded(Duration step);

/// At most 1 KiB of a reason, cut between two characters.
std::string_view clipped(std::string_view reason);

inline constexpr std::size_t kFailuresKept = 50;
inline constexpr std::uint32_t kExpiriesAlone = 3;      // then it is condemned
inline constexpr std::uint32_t kExpiriesCondemned = 6;  // then nobody is found who would note its end

}  // namespace penstock::durable
