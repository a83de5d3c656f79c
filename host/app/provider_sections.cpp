#include "app/provider_sections.h"

#include "app/system_clock.h"
#include "config/nearest.h"
#include "config/typed_value.h"
#include "policy/config.h"

#include <algorithm>
#include <stdexcept>

namespace penstock {
namespace {

constexpr std::string_view kPrefix = "providers.";

std::string sectionName(const ProviderDeclaration& declaration) { return std::string(kPrefix) + declaration.name; }

/// What is wrong with a row that a script made, or an empty text.
std::string rowFault(const ConfigRow& row) {
  const bool ranges = row.type == ConfigType::Integer || row.type == ConfigType::Period || row.type == ConfigType::Size;
  if (ranges && !row.bounds.empty()) {
    const std::size_t dots = row.bounds.find("..");
    ConfigRow bare = row;
    bare.bounds = bare.fallback = {};
    const auto readable = [&](std::string_view bound) {
      return bound.empty() || parseValue(bare, std::string(bound)).value.has_value();
    };
    if (dots == std::string_view::npos || !readable(row.bounds.substr(0, dots)) ||
        !readable(row.bounds.substr(dots + 2)))
      return "bounds \"" + std::string(row.bounds) + "\" cannot be read; they look like 1..100";
  }
  try {
    parseFallback(row);
  } catch (const std::logic_error&) {
    return "its default \"" + std::string(row.fallback) + "\" breaks its own rule";
  }
  return {};
}

/// Names of the providers that the configuration has a section of, or routes to.
std::vector<std::string> configured(const Configuration& configuration, const std::vector<std::string>& known,
                                    std::vector<std::string>& faults) {
  const auto poco = configuration.poco();
  std::vector<std::string> names;
  poco->keys("providers", names);
  for (const ConfigRow& row : kRouteRows) {
    const std::string key = "routes." + std::string(row.key);
    const std::string provider = poco->getString(key, std::string(row.fallback));
    if (provider.empty()) continue;
    names.push_back(provider);
    if (std::ranges::count(known, provider) > 0) continue;
    const auto nearest = nearestKey(provider, known);
    faults.push_back(key + " = \"" + provider + "\": there is no script providers/" + provider + ".lua" +
                     (nearest ? "; did you mean " + *nearest + "?" : std::string()));
  }
  return names;
}

}  // namespace

std::filesystem::path scriptsFolder(const Configuration& configuration, const Installation& installation) {
  const std::string given = configuration.poco()->getString("scripts_dir", "");
  return given.empty() ? installation.scripts : std::filesystem::absolute(given);
}

void addProviders(const Configuration& configuration, const Installation& installation, Catalog& catalog) {
  SystemClock clock;
  std::erase_if(catalog.sections, [](const Section& section) { return section.name.starts_with(kPrefix); });
  catalog.providers = readDeclarations(scriptsFolder(configuration, installation), clock);
  std::vector<std::string> known;
  for (const auto& declaration : catalog.providers.providers) known.push_back(declaration->name);
  const std::vector<std::string> names = configured(configuration, known, catalog.providers.faults);
  for (const auto& declaration : catalog.providers.providers) {
    bool readable = declaration->readable;
    for (const ConfigRow& row : declaration->rows) {
      const std::string fault = rowFault(row);
      if (fault.empty()) continue;
      catalog.providers.faults.push_back("providers/" + declaration->name + ".lua: setting " + std::string(row.key) +
                                         ": " + fault);
      readable = false;
    }
    static constexpr ConfigRow kAny[] = {{"*", ConfigType::Text, "", "", "Any setting."}};
    const bool active = readable && std::ranges::count(names, declaration->name) > 0;
    catalog.sections.push_back(
        {sectionName(*declaration),
         readable ? std::span<const ConfigRow>(declaration->rows) : std::span<const ConfigRow>(kAny), active});
  }
}

PolicySettings scriptSettings(const Configuration& configuration, const Catalog& catalog) {
  const auto section = [&](std::string_view name) { return configuration.section(catalog.section(name)); };
  PolicySettings settings = policySettings(*section("policy"), *section("retry"), *section("routes"));
  for (const auto& declaration : catalog.providers.providers) {
    const Section& declared = catalog.section(sectionName(*declaration));
    if (declared.active)
      settings.providers.emplace(declaration->name, providerSettings(*declaration, *configuration.section(declared)));
  }
  return settings;
}

}  // namespace penstock
