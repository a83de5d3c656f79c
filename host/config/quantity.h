#pragma once

#include "penstock/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock {

/// A whole number, nothing around it.
std::optional<std::int64_t> parseInteger(std::string_view text);

/// "250ms" "30s" "5m" "72h" "30d", also "500us": a whole number and one unit, nothing else.
std::optional<Duration> parseDuration(std::string_view text);

/// In the greatest unit that leaves a whole number; 0 as 0s.
std::string formatDuration(Duration duration);

/// "64KB" "256MB" "1GB" in powers of 1024, or plain bytes.
std::optional<std::uint64_t> parseSize(std::string_view text);

/// In the greatest unit that leaves a whole number; plain bytes without one.
std::string formatSize(std::uint64_t bytes);

}  // namespace penstock
