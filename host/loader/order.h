#pragma once

#include "loader/discovery.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// The order in which plugins start, or everything that is wrong with the choice.
struct StartOrder {
  std::vector<const Descriptor*> plugins;  ///< each after those whose interfaces it requires, else as configured
  std::vector<std::string> faults;         ///< sentences; when there are any the order is not to be used
};

/// Pure. `enabled` are names as configured, `given_by_host` the host's own interfaces.
StartOrder startOrder(std::span<const std::string> enabled, const Discovery& discovery,
                      std::span<const std::string_view> given_by_host);

}  // namespace penstock
