#pragma once

#include "penstock/config.h"

#include <array>

namespace hello {

/// The section ["hello"] of penstock.lua: key, type, default, bounds, and what it does.
inline constexpr std::array kRows{
    penstock::ConfigRow{"greeting", penstock::ConfigType::Text, "hello", "nonempty", "What GET /hello answers."},
};

}  // namespace hello
