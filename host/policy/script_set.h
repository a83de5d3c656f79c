#pragma once

#include "penstock/identity.h"
#include "penstock/providers.h"
#include "policy/policy_fault.h"
#include "policy/script_name.h"
#include "policy/settings.h"

#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// The texts of the scripts and the settings they run under. Immutable once read.
struct ScriptSet {
  std::filesystem::path folder;
  std::array<std::string, kScripts.size()> texts;
  std::map<std::string, std::string, std::less<>> providers;  ///< texts of the configured providers' scripts, by name
  PolicySettings settings;
  Digest128 hash;
  std::map<std::string, boost::json::object, std::less<>> adjusted;  ///< values put over a provider's settings, by name
  std::vector<ProviderTraits> traits;  ///< of the providers, by name; known once the scripts have been loaded

  /// A provider's settings without the secrets: adjusted values over the configured ones, of which they must have the
  /// kind. Nothing when it is not configured.
  std::optional<boost::json::object> told(std::string_view provider) const;
};

/// The folder of the providers' scripts within that of the policy.
inline constexpr std::string_view kProviderFolder = "providers";

/// Reads a script. What is wrong, or an empty text. [blocks: reads a file]
std::string readScript(const std::filesystem::path& file, std::string& text);

/// Reads the scripts of the folder, and of the providers that the settings name. [throws: PolicyFault]
ScriptSet readScripts(const std::filesystem::path& folder, const PolicySettings& settings);

}  // namespace penstock
