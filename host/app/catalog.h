#pragma once

#include "app/installation.h"
#include "config/configuration.h"
#include "loader/discovery.h"
#include "loader/order.h"
#include "policy/provider_declaration.h"

#include <string>
#include <vector>

namespace penstock {

/// Everything the configuration may speak of: the host's sections and those of all plugins found, enabled or not.
struct Catalog {
  Discovery discovery;
  std::vector<Section> sections;
  ProviderDeclarations providers;          ///< of the scripts; they own the rows of the sections providers.*
  std::vector<std::string> disagreements;  ///< of plugins about the rows of a section that they share

  /// The section of this name; it must exist.
  const Section& section(std::string_view name) const;

  /// All that is wrong with the values and with the choice of plugins.
  std::vector<std::string> faults(const Configuration& configuration) const;
};

/// Adds the sections that a plugin shares: equal declarations are one section, which is active when any of its plugins
/// is; another declaration of an active plugin is a disagreement.
void addShared(const FoundPlugin& plugin, bool active, Catalog& catalog);

/// Adds a section in which any key may stand, unless there is one of that name: what is wrong with a refused plugin is
/// its refusal, not its keys.
void addRefused(const FoundPlugin& plugin, Catalog& catalog);

/// Opens the plugins of the configured folder and reads what the provider scripts declare. [blocks: reads files]
Catalog makeCatalog(const Configuration& configuration, const Installation& installation);

/// Start order of the configured plugins; its faults say what is wrong with the choice.
StartOrder orderOf(const Configuration& configuration, const Catalog& catalog);

}  // namespace penstock
