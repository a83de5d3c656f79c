#pragma once

#include "config/configuration.h"
#include "support/temporary_folder.h"

#include <fstream>
#include <map>
#include <string>

namespace penstock::test {

/// A folder with a penstock.lua and an environment that the test writes.
class ConfigFolder {
public:
  explicit ConfigFolder(const std::string& lua = "return {}") { write("penstock.lua", lua); }

  void write(const std::string& name, const std::string& text) {
    const auto file = path(name);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
  }
  std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }

  ConfigSource source() {
    ConfigSource source;
    source.file = path("penstock.lua");
    source.drop_ins = path("conf.d");
    source.overrides = overrides;
    source.environment = [this](std::string_view name) -> std::optional<std::string> {
      const auto found = environment.find(std::string(name));
      return found == environment.end() ? std::nullopt : std::optional(found->second);
    };
    return source;
  }
  Configuration load() { return Configuration::load(source()); }

  /// What loading and checking complains about; empty when nothing.
  std::vector<std::string> faults(std::span<const Section> sections) {
    try {
      load().check(sections);
    } catch (const ConfigurationFaults& failure) {
      return failure.faults;
    }
    return {};
  }

  std::map<std::string, std::string> environment;
  std::vector<std::pair<std::string, std::string>> overrides;

private:
  TemporaryFolder folder_;
};

inline constexpr ConfigRow kWorkerRows[] = {
    {"concurrency", ConfigType::Integer, "4", "1..256", "Threads."},
    {"lease", ConfigType::Period, "30s", "1s..1h", "Lease.", false, true},
    {"buffer", ConfigType::Size, "64MB", "1MB..1GB", "Room."},
    {"full", ConfigType::Choice, "reject", "reject|wait", "When full."},
    {"enabled", ConfigType::Boolean, "true", "", "Works at all.", false, true},
    {"name", ConfigType::Text, "w", "nonempty", "Name."},
    {"tags", ConfigType::List, "a,b", "", "Tags."},
    {"retry.first", ConfigType::Period, "1s", "", "First retry."},
    {"password", ConfigType::Text, "", "", "Password.", true},
    {"extra.*", ConfigType::Text, "", "", "Free keys."},
};
inline const Section kWorker[] = {{"worker", kWorkerRows}};

}  // namespace penstock::test
