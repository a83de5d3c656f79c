#pragma once

#include "penstock/plugin.h"

#include <string>

namespace penstock {

/// A file that should be a plugin: either its descriptor or, as a sentence, why it was refused.
struct FoundPlugin {
  std::string name;  ///< of the file, without .so; the descriptor's too unless it was refused
  std::string file;
  const Descriptor* descriptor = nullptr;  ///< lives as long as the process: nothing is ever unloaded
  std::string refusal;                     ///< empty when there is a descriptor
};

/// Opens a plugin with its symbols kept to itself and looks at its descriptor, the fingerprint first. No code of the
/// plugin runs but its static constructors and penstock_plugin. [blocks: reads the file]
FoundPlugin openPlugin(const std::string& file);

}  // namespace penstock
