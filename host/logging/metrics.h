#pragma once

#include "penstock/metrics.h"

namespace penstock {

inline constexpr CounterSpec kLogDropped{
    "penstock_log_dropped_total",
    "Lines of the log that were lost because they came faster than they could be written."};

}  // namespace penstock
