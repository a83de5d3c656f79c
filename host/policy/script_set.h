#pragma once

#include "penstock/identity.h"
#include "policy/policy_fault.h"
#include "policy/script_name.h"
#include "policy/settings.h"

#include <array>
#include <filesystem>
#include <string>

namespace penstock {

/// The texts of the scripts and the settings they run under. Immutable once read.
struct ScriptSet {
  std::filesystem::path folder;
  std::array<std::string, kScripts.size()> texts;
  PolicySettings settings;
  Digest128 hash;
};

/// Reads the scripts of the folder. [throws: PolicyFault]
ScriptSet readScripts(const std::filesystem::path& folder, const PolicySettings& settings);

}  // namespace penstock
