#include "config/configuration.h"

#include "config/checked_section.h"
#include "config/host_rows.h"
#include "config/json_value.h"
#include "config/layers.h"
#include "config/lua_configuration.h"
#include "config/lua_text.h"

#include <algorithm>
#include <array>
#include <ranges>

namespace penstock {
namespace {

constexpr std::string_view kWhenInstalled = "when_installed";

const ConfigRow& pluginsRow() { return kHostRows[0]; }

/// The drop-ins in lexical order. Hidden files are passed over, as editors leave them.
std::vector<std::filesystem::path> dropIns(const std::filesystem::path& folder, std::vector<std::string>& faults) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  if (!std::filesystem::exists(folder, error)) return files;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const auto& file = entry->path();
    if (file.extension() == ".lua" && !file.filename().string().starts_with('.')) files.push_back(file);
  }
  if (error) faults.push_back("cannot read " + folder.string() + ": " + error.message());
  std::ranges::sort(files);
  return files;
}

/// The folder of the plugins that the layers name last, or else `fallback`.
std::filesystem::path pluginFolder(const std::vector<Layer>& layers, const std::filesystem::path& fallback) {
  for (const Layer& layer : std::views::reverse(layers)) {
    const auto found = layer.values.find("plugin_dir");
    if (found == layer.values.end()) continue;
    const auto* folder = std::get_if<std::string>(&found->second);
    return folder == nullptr || folder->empty() ? fallback : std::filesystem::path(*folder);
  }
  return fallback;
}

/// The plugin without which a file means nothing; what names it is taken out.
std::optional<std::string> owner(Layer& layer, std::vector<std::string>& faults) {
  auto found = layer.values.extract(std::string(kWhenInstalled));
  if (found.empty()) return std::nullopt;
  if (const auto* plugin = std::get_if<std::string>(&found.mapped()); plugin != nullptr && !plugin->empty())
    return *plugin;
  faults.push_back(layer.name + ": " + std::string(kWhenInstalled) + " = " + shortLiteral(found.mapped()) +
                   ": expected the name of a plugin, such as \"pg-queue\"");
  return std::nullopt;
}

/// Drops the drop-ins of plugins that are not there, and says which. The first layer is the file, the last the command
/// line's.
std::vector<std::string> passOver(std::vector<Layer>& layers, const ConfigSource& source,
                                  std::vector<std::string>& faults) {
  std::vector<std::string> sentences;
  const std::filesystem::path folder = pluginFolder(layers, source.plugins);
  const auto installed = [&](const std::string& plugin) {
    std::error_code error;
    return source.installed ? source.installed(plugin) : std::filesystem::exists(folder / (plugin + ".so"), error);
  };
  for (std::size_t i = 1; i + 1 < layers.size();) {
    const auto plugin = owner(layers[i], faults);
    if (!plugin || installed(*plugin)) {
      ++i;
      continue;
    }
    const std::string why = source.installed ? " was not installed when the service started" : " is not installed";
    sentences.push_back(layers[i].name + " is passed over: the plugin " + *plugin + why);
    layers.erase(layers.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return sentences;
}

void loadFile(const std::filesystem::path& file, const std::string& name, const Environment& environment,
              std::vector<Layer>& layers, std::vector<std::string>& faults) {
  try {
    layers.push_back(evaluateLua(file, name, environment));
  } catch (const ConfigurationFaults& failure) {
    faults.insert(faults.end(), failure.faults.begin(), failure.faults.end());
  }
}

Layer overridesOf(const ConfigSource& source) {
  Layer overrides;
  overrides.name = "-D";
  for (const auto& [key, value] : source.overrides) overrides.values.insert_or_assign(key, value);
  return overrides;
}

}  // namespace

std::span<const Section> hostSections() {
  static const std::array sections{Section{"", kHostRows}, Section{"shutdown", kShutdownRows},
                                   Section{"logging", kLoggingRows}};
  return sections;
}

Configuration Configuration::load(const ConfigSource& source) {
  std::vector<std::string> faults;
  std::vector<Layer> layers;
  const std::string name = source.file.filename().string();
  loadFile(source.file, name, source.environment, layers, faults);
  if (source.drop_ins)
    for (const auto& file : dropIns(*source.drop_ins, faults))
      loadFile(file, (source.drop_ins->filename() / file.filename()).string(), source.environment, layers, faults);
  layers.push_back(overridesOf(source));
  if (!faults.empty()) throw ConfigurationFaults(std::move(faults));
  std::vector<std::string> passed_over = passOver(layers, source, faults);
  if (!faults.empty()) throw ConfigurationFaults(std::move(faults));
  auto secrets = std::make_shared<SecretSource>(source.file.parent_path(), source.credentials, source.environment);
  return Configuration(std::make_shared<const Layers>(name, std::move(layers), std::move(secrets)),
                       std::move(passed_over));
}

Configuration Configuration::withoutFiles(const ConfigSource& source) {
  auto secrets = std::make_shared<SecretSource>(source.file.parent_path(), source.credentials, source.environment);
  std::vector<Layer> layers{overridesOf(source)};
  return Configuration(
      std::make_shared<const Layers>(source.file.filename().string(), std::move(layers), std::move(secrets)));
}

std::vector<std::string> Configuration::plugins() const {
  auto [value, fault, given] = layers_->effective(hostSections()[0], pluginsRow(), std::string(pluginsRow().key));
  if (!value) throw ConfigurationFaults({fault});
  return std::get<std::vector<std::string>>(*value);
}

void Configuration::check(std::span<const Section> sections) const {
  std::vector<std::string> faults;
  layers_->unknownKeys(sections, faults);
  for (const Section& section : sections)
    layers_->eachKey(section, [&](const ConfigRow& row, const std::string& key) {
      const Effective effective = layers_->effective(section, row, key);
      if (!effective.fault.empty()) faults.push_back(effective.fault);
    });
  if (!faults.empty()) throw ConfigurationFaults(std::move(faults));
}

std::unique_ptr<Config> Configuration::section(const Section& section) const {
  std::vector<std::string> faults;
  CheckedSection::Values values;
  std::vector<ConfigRow> wildcards;
  layers_->eachKey(section, [&](const ConfigRow& row, const std::string& key) {
    Effective effective = layers_->effective(section, row, key);
    if (!effective.fault.empty()) faults.push_back(effective.fault);
    const std::size_t prefix = section.name.empty() ? 0 : section.name.size() + 1;
    if (effective.value) values.emplace(key.substr(prefix), std::move(*effective.value));
  });
  if (!faults.empty()) throw ConfigurationFaults(std::move(faults));
  std::ranges::copy_if(section.rows, std::back_inserter(wildcards), isWildcard);
  return std::make_unique<CheckedSection>(section.name, std::move(values), std::move(wildcards));
}

Poco::AutoPtr<Poco::Util::AbstractConfiguration> Configuration::poco(std::span<const Section> sections) const {
  LuaConfiguration::Values values;
  for (const Layer& layer : layers_->all())
    for (const auto& [key, value] : layer.values) values.insert_or_assign(key, plainText(value));
  const auto fill = [&](const Section& section) {
    layers_->eachKey(section, [&](const ConfigRow& row, const std::string& key) {
      if (row.secret) {
        for (const std::string_view way : kSecretWays) values.erase(key + '.' + std::string(way));
        if (layers_->effective(section, row, key).given) values.insert_or_assign(key, "***");
      } else if (const Effective effective = layers_->effective(section, row, key); effective.value) {
        values.insert_or_assign(key, plainText(*effective.value));
      }
    });
  };
  std::ranges::for_each(hostSections(), fill);
  std::ranges::for_each(sections, fill);
  return new LuaConfiguration(std::move(values));
}

template <typename Call>
void Configuration::eachShown(std::span<const Section> sections, Call&& call) const {
  for (const Section& section : sections) {
    if (!section.active) continue;
    layers_->eachKey(section, [&](const ConfigRow& row, const std::string& key) {
      const Effective effective = layers_->effective(section, row, key);
      if (effective.value && (!row.secret || effective.given)) call(key, *effective.value);
    });
  }
}

std::string Configuration::show(std::span<const Section> sections) const {
  LuaText text;
  eachShown(sections, [&](const std::string& key, const TypedValue& value) { text.add(key, literal(value)); });
  return text.text();
}

std::string Configuration::showJson(std::span<const Section> sections) const {
  std::string text;
  JsonWriter json(text);
  json.beginObject();
  eachShown(sections, [&](const std::string& key, const TypedValue& value) { writeValue(json.name(key), value); });
  json.endObject();
  return text + '\n';
}

std::vector<std::string> Configuration::changed(const Configuration& other, std::span<const Section> sections,
                                                bool reloadable) const {
  std::vector<std::string> keys;
  for (const Section& section : sections) {
    const auto compare = [&](const ConfigRow& row, const std::string& key) {
      if (row.reloadable != reloadable || std::ranges::count(keys, key) > 0) return;
      const Effective before = layers_->effective(section, row, key);
      const Effective after = other.layers_->effective(section, row, key);
      const bool same = before.value && after.value ? sameValue(*before.value, *after.value)
                                                    : before.value.has_value() == after.value.has_value();
      const bool given_or_not = isWildcard(row) && before.given != after.given;
      if (!same || given_or_not) keys.push_back(key);
    };
    layers_->eachKey(section, compare);
    other.layers_->eachKey(section, compare);
  }
  return keys;
}

}  // namespace penstock
