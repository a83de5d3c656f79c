#pragma once

#include "config/configuration.h"
#include "config/secret_source.h"
#include "config/typed_value.h"

#include <functional>
#include <string>
#include <vector>

namespace penstock {

/// The dotted key of a row of a section.
std::string fullKey(const Section& section, std::string_view row_key);

/// A row's effective value, or the sentence that says why there is none; neither when nothing is wrong with that.
struct Effective {
  std::optional<TypedValue> value;
  std::string fault;
  bool given = false;  ///< by some layer, not by default
};

/// What all files and the command line say, and the one place that knows which of them wins.
class Configuration::Layers {
public:
  Layers(std::string file_name, std::vector<Layer> layers, std::shared_ptr<SecretSource> secrets)
      : file_name_(std::move(file_name)), layers_(std::move(layers)), secrets_(std::move(secrets)) {}

  const std::vector<Layer>& all() const { return layers_; }

  /// `key` is the row's own, or for a wildcard row one that it matches.
  Effective effective(const Section& section, const ConfigRow& row, const std::string& key) const;

  /// Calls with every row and key of the section that has a value: each row, and for wildcard rows each key given.
  void eachKey(const Section& section, const std::function<void(const ConfigRow&, const std::string&)>& call) const;

  /// One sentence for each key that no row knows.
  void unknownKeys(std::span<const Section> sections, std::vector<std::string>& faults) const;

private:
  struct Given {
    const Layer* layer = nullptr;
    const RawValue* value = nullptr;
    std::string_view way;  // of a secret; empty: written literally, or in two ways at once
  };
  std::optional<Given> find(const ConfigRow& row, const std::string& key) const;
  Effective secret(const Section& section, const std::string& key, const Given& given) const;

  const std::string file_name_;
  const std::vector<Layer> layers_;  // later wins
  const std::shared_ptr<SecretSource> secrets_;
};

}  // namespace penstock
