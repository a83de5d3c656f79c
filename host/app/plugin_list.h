#pragma once

#include "loader/discovery.h"

#include <string>

namespace penstock {

/// Every plugin that was found with what it gives and needs, or why it is refused; what --list-plugins prints.
std::string pluginList(const Discovery& discovery);

/// The same as one JSON document and a newline.
std::string pluginListJson(const Discovery& discovery);

}  // namespace penstock
