#pragma once

#include "penstock/config.h"

#include <array>

namespace penstock {

inline constexpr std::array kIngestRows{
    ConfigRow{"reader.threads", ConfigType::Integer, "4", "1..64",
              "Threads for calls that wait for the store or for dead letters."},
    ConfigRow{"reader.backlog", ConfigType::Integer, "256", "1..100000",
              "Such calls that may wait for a thread; more are refused with 503."},
};

}  // namespace penstock
