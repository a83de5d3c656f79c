#pragma once

#include "loader/library.h"

#include <span>
#include <string>
#include <vector>

namespace penstock {

/// Every plugin there is, enabled or not.
struct Discovery {
  std::vector<FoundPlugin> plugins;
  std::vector<std::string> searched;  ///< the directories; behind one that could not be read, why, in brackets

  /// The plugin with this name, in the first directory that has it; nullptr when there is none.
  const FoundPlugin* find(std::string_view name) const;
};

/// Opens every .so in the directories, in their order and by name. A broken plugin disturbs nobody unless it is
/// enabled. A file of a name that an earlier directory has is not opened but refused. [blocks: reads the files]
Discovery discover(std::span<const std::string> directories);

}  // namespace penstock
