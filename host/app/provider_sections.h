#pragma once

#include "app/catalog.h"
#include "policy/settings.h"

#include <filesystem>

namespace penstock {

/// Where the scripts of policy and providers are.
std::filesystem::path scriptsFolder(const Configuration& configuration, const Installation& installation);

/// Reads what the provider scripts declare and makes the sections `providers.<name>` of it, in the place of those there
/// were. A provider is configured, and its section active, when the configuration has its section or routes to it.
/// What is wrong becomes a fault of the catalog. [blocks: reads files]
void addProviders(const Configuration& configuration, const Installation& installation, Catalog& catalog);

/// All that the scripts run under and are told. [throws: ConfigurationFaults]
PolicySettings scriptSettings(const Configuration& configuration, const Catalog& catalog);

}  // namespace penstock
