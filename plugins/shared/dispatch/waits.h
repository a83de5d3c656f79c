#pragma once

#include "penstock/queue.h"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace penstock::dispatch {

/// What an event has been put aside for, by cause, as Delivery::waits promises it.
using Waits = std::map<std::string, Duration>;

inline constexpr std::size_t kMostWaitCauses = 16;
inline constexpr std::size_t kWaitCauseBytes = 32;
inline constexpr std::string_view kOtherCause = "other";
inline constexpr std::string_view kRetryCause = "retry";
inline constexpr std::string_view kPausedCause = "paused";
inline constexpr std::string_view kPaceCause = "pace";
inline constexpr std::string_view kHeldEarlierCause = "held_earlier";

/// Engines keep the waits of an event as text: "pace=250000 paused=60000000", microseconds; empty for none. It is ASCII
/// and shorter than 1 KiB. What cannot be read of such a text is left out.
Waits readWaits(std::string_view text);

/// The waits, as text, of an event that had these before its lease ended so. [throws: std::bad_alloc]
std::string waitsAfter(std::string_view before, const Settlement& settlement);

}  // namespace penstock::dispatch
