#pragma once

#include <string>
#include <vector>

namespace penstock {

/// What became of an attempt to put configuration and scripts in force again.
struct ReloadReport {
  bool taken = false;
  std::vector<std::string> faults;   ///< when refused: sentences that begin with the place, file and line if known
  std::vector<std::string> changed;  ///< keys that have new values in force
  std::vector<std::string> needs_restart;  ///< keys that were changed since the start and wait for the next one
  std::vector<std::string> kept_old;       ///< a sentence for each plugin that keeps its old settings
  std::string policy;                      ///< hash of what is in force now
};

}  // namespace penstock
