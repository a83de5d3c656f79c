#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock {

/// Span of time everywhere in the SDK, in microseconds.
using Duration = std::chrono::microseconds;

/// Wall-clock instant (UTC, microseconds since 1970). For what people read; never for leases or timeouts.
using WallTime = std::chrono::sys_time<Duration>;

/// Instant of the monotonic clock. For deadlines and durations inside one process.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

/// RFC 3339 UTC with milliseconds and Z, such as 2026-03-01T12:00:00.250Z. [any thread]
std::string formatTime(WallTime time);

/// Reads RFC 3339 with a zone (Z or +hh:mm); fractions beyond microseconds are cut, leap seconds become the next
/// second. Nothing when the text is not such a time or lies outside the years 1970 to 9999. [any thread]
std::optional<WallTime> parseTime(std::string_view text);

}  // namespace penstock
