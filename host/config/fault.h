#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace penstock {

/// Everything that is wrong with a configuration, each fault one sentence that starts with where it stands. what() is
/// all of them, one a line.
struct ConfigurationFaults : std::runtime_error {
  explicit ConfigurationFaults(std::vector<std::string> sentences);
  std::vector<std::string> faults;
};

}  // namespace penstock
