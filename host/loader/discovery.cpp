#include "loader/discovery.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace penstock {
namespace {

namespace fs = std::filesystem;

// Only regular files: opening a pipe would wait for a writer.
std::vector<fs::path> libraries(const fs::path& directory, std::error_code& failed) {
  std::vector<fs::path> files;
  fs::directory_iterator entry(directory, failed);
  for (; !failed && entry != fs::directory_iterator(); entry.increment(failed)) {
    std::error_code vanished;
    if (entry->path().extension() == ".so" && entry->is_regular_file(vanished)) files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

const FoundPlugin* Discovery::find(std::string_view name) const {
  const auto found =
      std::find_if(plugins.begin(), plugins.end(), [&](const FoundPlugin& plugin) { return plugin.name == name; });
  return found == plugins.end() ? nullptr : &*found;
}

Discovery discover(std::span<const std::string> directories) {
  Discovery discovery;
  for (const std::string& directory : directories) {
    std::error_code failed;
    const std::vector<fs::path> files = libraries(directory, failed);
    discovery.searched.push_back(failed ? directory + " (" + failed.message() + ")" : directory);
    for (const fs::path& file : files) {
      const FoundPlugin* earlier = discovery.find(file.stem().string());
      if (earlier == nullptr) {
        discovery.plugins.push_back(openPlugin(file.string()));
        continue;
      }
      std::string refusal = file.filename().string() + ": not used, because " + earlier->file + " comes first";
      discovery.plugins.push_back({file.stem().string(), file.string(), nullptr, std::move(refusal)});
    }
  }
  return discovery;
}

}  // namespace penstock
