#pragma once

#include "config/fault.h"
#include "config/lua_sandbox.h"
#include "penstock/config.h"

#include <Poco/AutoPtr.h>
#include <Poco/Util/AbstractConfiguration.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace penstock {

/// A table of the configuration and what may stand in it. The name "" is the top level.
struct Section {
  std::string name;
  std::span<const ConfigRow> rows;
  /// False for a plugin that is installed but not enabled: what is given for it is checked, what is missing (a value
  /// that must be set, a secret's file) is no fault, and it is not shown.
  bool active = true;
  /// The section of a plugin that cannot be read: nothing is known of its rows, so any key may stand in it.
  bool unknown = false;
};

/// The host's own sections: top level, shutdown, logging.
std::span<const Section> hostSections();

/// Where a configuration comes from, in the order of its layers: later wins.
struct ConfigSource {
  std::filesystem::path file;                     ///< penstock.lua
  std::optional<std::filesystem::path> drop_ins;  ///< conf.d: its *.lua files in lexical order; may be absent
  std::vector<std::pair<std::string, std::string>> overrides;  ///< -D key=value, text as a person types it
  Environment environment;                                     ///< getenv in production; empty values count as unset
  std::optional<std::filesystem::path> credentials;            ///< $CREDENTIALS_DIRECTORY
  std::filesystem::path plugins;                               ///< their folder where `plugin_dir` names none
  /// Whether the running service has such a plugin; without it: whether the folder has its file.
  std::function<bool(std::string_view plugin)> installed;
};

/// A loaded configuration. Immutable; copies share it. [any thread]
class Configuration {
public:
  /// Runs the files. A drop-in whose table has `when_installed = "<plugin>"` is passed over without that plugin, so
  /// that what the package of a plugin leaves behind hurts nobody.
  /// [blocks: on files] [throws: ConfigurationFaults: syntax and run-time errors with file and line]
  static Configuration load(const ConfigSource& source);

  /// A sentence for each drop-in that was passed over.
  const std::vector<std::string>& passedOver() const { return passed_over_; }

  /// What the command line alone says: for what holds without any file. [does not block]
  static Configuration withoutFiles(const ConfigSource& source);

  /// The top-level list `plugins`, which is needed before all sections are known. [throws: ConfigurationFaults]
  std::vector<std::string> plugins() const;

  /// Holds everything against the rows and reads the secrets. [throws: ConfigurationFaults with all faults]
  void check(std::span<const Section> sections) const;

  /// Typed reader of one section, defaults filled in. [throws: ConfigurationFaults when the section has faults]
  std::unique_ptr<Config> section(const Section& section) const;

  /// Every key as text, logging.* included, with the defaults of the host's rows and of `sections`; secrets are ***.
  Poco::AutoPtr<Poco::Util::AbstractConfiguration> poco(std::span<const Section> sections = {}) const;

  /// The effective values of active sections as Lua text; secrets are "***".
  std::string show(std::span<const Section> sections) const;

  /// The same as one JSON object, dotted keys and their values, and a newline.
  std::string showJson(std::span<const Section> sections) const;

  /// Dotted keys whose effective value differs from the other configuration's, of the rows that are reloadable, or of
  /// those that are not.
  std::vector<std::string> changed(const Configuration& other, std::span<const Section> sections,
                                   bool reloadable) const;

private:
  class Layers;
  /// Calls with each key and value that is shown.
  template <typename Call>
  void eachShown(std::span<const Section> sections, Call&& call) const;
  explicit Configuration(std::shared_ptr<const Layers> layers, std::vector<std::string> passed_over = {})
      : layers_(std::move(layers)), passed_over_(std::move(passed_over)) {}
  std::shared_ptr<const Layers> layers_;
  std::vector<std::string> passed_over_;
};

/// Every key with its type, default, bounds and text; what --config-reference prints.
std::string reference(std::span<const Section> sections);

/// The same as one JSON array, an object a key, and a newline.
std::string referenceJson(std::span<const Section> sections);

}  // namespace penstock
