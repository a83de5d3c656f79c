#pragma once

#include "penstock/clock.h"
#include "penstock/config.h"
#include "policy/settings.h"

#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace penstock {

/// What a provider's script says of its section of the configuration.
struct ProviderDeclaration {
  std::string name;
  std::vector<ConfigRow> rows;  ///< views into texts, by key
  std::deque<std::string> texts;
  bool readable = true;  ///< false: the script does not load, and any key is let through
};

struct ProviderDeclarations {
  std::vector<std::shared_ptr<const ProviderDeclaration>> providers;  ///< by name
  std::vector<std::string> faults;                                    ///< with file and line
};

/// Asks every script of the folder's `providers` what settings it has: `settings` of the table that it returns, a table
/// of names and either {type, default, bounds, required, text} or the type alone, which is then required. Types are
/// text, integer, boolean, duration, size, choice, list and secret. [any thread] [blocks: reads files]
ProviderDeclarations readDeclarations(const std::filesystem::path& folder, Clock& clock);

/// What the script is told of its section.
ProviderSettings providerSettings(const ProviderDeclaration& declaration, const Config& section);

}  // namespace penstock
