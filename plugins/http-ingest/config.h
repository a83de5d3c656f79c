#pragma once

#include "penstock/config.h"

#include <array>

namespace penstock {

inline constexpr std::array kIngestRows{
    ConfigRow{"reader.threads", ConfigType::Integer, "4", "1..64",
              "Threads for calls that wait for the store or for dead letters."},
    ConfigRow{"reader.backlog", ConfigType::Integer, "256", "1..100000",
              "Such calls that may wait for a thread; more are refused with 503."},
    ConfigRow{"webhooks.max_body", ConfigType::Size, "1MB", "1KB..1MB",
              "Largest body of POST /api/webhooks/{provider}, such as a batch of events; scripts read no larger ones."},
};

}  // namespace penstock
