#include "app/catalog.h"

#include "app/provider_sections.h"
#include "config/host_rows.h"
#include "http/config.h"
#include "penstock/http.h"
#include "penstock/provider_settings.h"
#include "penstock/provider_webhooks.h"
#include "penstock/providers.h"
#include "policy/config.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>

namespace penstock {
namespace {

constexpr std::string_view kGivenByHost[] = {Http::kInterface,
                                             Policy::kInterface,
                                             Providers::kInterface,
                                             ProviderSettingsBoard::kInterface,
                                             ProviderWebhooks::kInterface,
                                             Exposition::kInterface,
                                             HealthBoard::kInterface};

bool sameRow(const ConfigRow& one, const ConfigRow& other) {
  return one.key == other.key && one.type == other.type && one.fallback == other.fallback &&
         one.bounds == other.bounds && one.secret == other.secret && one.reloadable == other.reloadable;
}

}  // namespace

void addShared(const FoundPlugin& plugin, bool active, Catalog& catalog) {
  for (const SharedSection& shared : plugin.descriptor->shared) {
    const auto found = std::find_if(catalog.sections.begin(), catalog.sections.end(),
                                    [&](const Section& one) { return one.name == shared.name; });
    if (found == catalog.sections.end())
      catalog.sections.push_back({std::string(shared.name), shared.rows, active});
    else if (std::ranges::equal(found->rows, shared.rows, sameRow))
      found->active = found->active || active;
    else if (active)
      catalog.disagreements.push_back(plugin.name + " declares other rows for the section " + std::string(shared.name) +
                                      " than a plugin or the host before it; install plugins of one version");
  }
}

void addRefused(const FoundPlugin& plugin, Catalog& catalog) {
  const auto named = [&](const Section& one) { return one.name == plugin.name; };
  if (std::ranges::any_of(catalog.sections, named)) return;
  catalog.sections.push_back({.name = plugin.name, .rows = {}, .active = false, .unknown = true});
}

const Section& Catalog::section(std::string_view name) const {
  const auto found =
      std::find_if(sections.begin(), sections.end(), [&](const Section& one) { return one.name == name; });
  if (found == sections.end()) throw std::logic_error("no section " + std::string(name));
  return *found;
}

std::vector<std::string> Catalog::faults(const Configuration& configuration) const {
  std::vector<std::string> faults = orderOf(configuration, *this).faults;  // first: others may only follow from them
  try {
    configuration.check(sections);
    for (const FoundPlugin& plugin : discovery.plugins) {
      if (plugin.descriptor == nullptr || plugin.descriptor->check == nullptr || !section(plugin.name).active) continue;
      auto found = plugin.descriptor->check(*configuration.section(section(plugin.name)));
      std::ranges::move(found, std::back_inserter(faults));
    }
  } catch (const ConfigurationFaults& found) {
    faults.insert(faults.end(), found.faults.begin(), found.faults.end());
  }
  faults.insert(faults.end(), providers.faults.begin(), providers.faults.end());
  faults.insert(faults.end(), disagreements.begin(), disagreements.end());
  return faults;
}

Catalog makeCatalog(const Configuration& configuration, const Installation& installation) {
  Catalog catalog;
  const std::string configured = configuration.poco()->getString("plugin_dir", "");
  const std::string directories[] = {configured.empty() ? installation.plugins.string() : configured};
  catalog.discovery = discover(directories);
  catalog.sections = {{"", kHostRows},          {"http", kHttpRows},    {"policy", kPolicyRows},
                      {"retry", kRetryRows},    {"routes", kRouteRows}, {"shutdown", kShutdownRows},
                      {"logging", kLoggingRows}};
  const std::vector<std::string> enabled = configuration.plugins();
  for (const FoundPlugin& plugin : catalog.discovery.plugins) {
    if (plugin.descriptor == nullptr) {
      addRefused(plugin, catalog);
      continue;
    }
    const bool active = std::find(enabled.begin(), enabled.end(), plugin.name) != enabled.end();
    catalog.sections.push_back({plugin.name, plugin.descriptor->rows, active});
  }
  for (const FoundPlugin& plugin : catalog.discovery.plugins)
    if (plugin.descriptor != nullptr)
      addShared(plugin, std::find(enabled.begin(), enabled.end(), plugin.name) != enabled.end(), catalog);
  addProviders(configuration, installation, catalog);
  return catalog;
}

StartOrder orderOf(const Configuration& configuration, const Catalog& catalog) {
  const std::vector<std::string> enabled = configuration.plugins();
  return startOrder(enabled, catalog.discovery, kGivenByHost);
}

}  // namespace penstock
