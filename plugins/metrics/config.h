#pragma once

#include "penstock/config.h"

#include <array>

namespace penstock {

inline constexpr std::array kMetricsRows{
    ConfigRow{"max_waiting", ConfigType::Integer, "16", "1..1000",
              "Scrapes that may wait while one is written; more are answered 503."},
};

}  // namespace penstock
