#include "config/layers.h"

#include "config/nearest.h"

#include <algorithm>
#include <ranges>
#include <set>

namespace penstock {
namespace {

std::string_view wildcardPrefix(std::string_view key) { return key.substr(0, key.size() - 1); }

/// Names the environment variable that a value was taken from, if there can only be one.
std::string origin(const Layer& layer, const RawValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return {};
  const auto carries = [&](const auto& variable) { return variable.second == *text; };
  if (std::ranges::count_if(layer.environment, carries) != 1) return {};
  return "; it comes from the environment variable " + std::ranges::find_if(layer.environment, carries)->first;
}

bool knows(const Section& section, std::string_view key, const RawValue& value) {
  if (section.unknown && (key == section.name || key.starts_with(section.name + '.'))) return true;
  const bool empty_table =
      std::holds_alternative<std::vector<std::string>>(value) && std::get<std::vector<std::string>>(value).empty();
  if (empty_table && !key.empty() && key == section.name) return true;
  return std::ranges::any_of(section.rows, [&](const ConfigRow& row) {
    const std::string known = fullKey(section, row.key);
    if (isWildcard(row)) {
      const std::string_view prefix = wildcardPrefix(known);
      return (key.starts_with(prefix) && key.size() > prefix.size()) ||
             (empty_table && prefix.starts_with(std::string(key) + '.'));
    }
    if (key == known || (empty_table && known.starts_with(std::string(key) + '.'))) return true;
    return row.secret && std::ranges::any_of(
                             kSecretWays, [&](std::string_view way) { return key == known + '.' + std::string(way); });
  });
}

std::string example(std::span<const std::string> known, const std::string& table) {
  const auto found = std::ranges::find_if(known, [&](const std::string& key) { return key.starts_with(table + '.'); });
  return found == known.end() ? std::string() : *found;
}

}  // namespace

std::string fullKey(const Section& section, std::string_view row_key) {
  return section.name.empty() ? std::string(row_key) : section.name + '.' + std::string(row_key);
}

std::optional<Configuration::Layers::Given> Configuration::Layers::find(const ConfigRow& row,
                                                                        const std::string& key) const {
  for (const Layer& layer : std::views::reverse(layers_)) {
    const auto plain = layer.values.find(key);
    if (!row.secret) {
      if (plain != layer.values.end()) return Given{&layer, &plain->second, {}};
      continue;
    }
    std::optional<Given> given;
    if (plain != layer.values.end()) given = Given{&layer, &plain->second, {}};
    for (const std::string_view way : kSecretWays) {
      const auto reference = layer.values.find(key + '.' + std::string(way));
      if (reference == layer.values.end()) continue;
      given = Given{&layer, &reference->second, given ? std::string_view() : way};
    }
    if (given) return given;
  }
  return std::nullopt;
}

Effective Configuration::Layers::secret(const Section& section, const std::string& key, const Given& given) const {
  const auto* name = std::get_if<std::string>(given.value);
  if (given.way.empty() || name == nullptr)
    return {std::nullopt, given.layer->name + ": " + key + " = ***: " + std::string(kSecretCure), true};
  if (!section.active) return {Secret(), {}, true};
  auto [secret, fault] = secrets_->fetch(given.way, *name);
  if (secret) return {std::move(*secret), {}, true};
  return {std::nullopt,
          given.layer->name + ": " + key + " = { " + std::string(given.way) + " = " + shortLiteral(*given.value) +
              " }: " + fault,
          true};
}

Effective Configuration::Layers::effective(const Section& section, const ConfigRow& row, const std::string& key) const {
  const auto given = find(row, key);
  if (!given) {
    auto [value, fault] = parseFallback(row);
    const bool missing = (row.secret && row.bounds == "nonempty") || !value;
    if (!missing) return {std::move(value), {}, false};
    if (!section.active) return {};
    return {std::nullopt, file_name_ + ": " + key + " is not set: " + (row.secret ? std::string(kSecretCure) : fault),
            false};
  }
  if (row.secret) return secret(section, key, *given);
  auto [value, fault] = parseValue(row, *given->value);
  if (value) return {std::move(value), {}, true};
  return {std::nullopt,
          given->layer->name + ": " + key + " = " + shortLiteral(*given->value) + ": " + fault +
              origin(*given->layer, *given->value),
          true};
}

void Configuration::Layers::eachKey(const Section& section,
                                    const std::function<void(const ConfigRow&, const std::string&)>& call) const {
  for (const ConfigRow& row : section.rows) {
    const std::string key = fullKey(section, row.key);
    if (!isWildcard(row)) {
      call(row, key);
      continue;
    }
    std::set<std::string> matching;
    for (const Layer& layer : layers_)
      for (const auto& [name, value] : layer.values)
        if (name.starts_with(wildcardPrefix(key)) && name.size() + 1 > key.size()) matching.insert(name);
    for (const std::string& name : matching) call(row, name);
  }
}

void Configuration::Layers::unknownKeys(std::span<const Section> sections, std::vector<std::string>& faults) const {
  std::vector<std::string> known;
  for (const Section& section : sections)
    for (const ConfigRow& row : section.rows) known.push_back(fullKey(section, row.key));
  for (const Layer& layer : layers_) {
    for (const auto& [key, value] : layer.values) {
      const std::string& name = key;
      const RawValue& raw = value;
      if (std::ranges::any_of(sections, [&](const Section& section) { return knows(section, name, raw); })) continue;
      std::string sentence = layer.name + ": " + key + ": unknown key";
      if (const std::string inside = example(known, key); !inside.empty())
        sentence = layer.name + ": " + key + ": expected a table of keys, such as " + inside;
      else if (const auto nearest = nearestKey(key, known))
        sentence += "; did you mean " + *nearest + "?";
      faults.push_back(std::move(sentence));
    }
  }
}

}  // namespace penstock
