#include "app/installation.h"

namespace penstock {
namespace fs = std::filesystem;
namespace {

/// The checkout an executable in build/<preset>/bin belongs to.
std::optional<fs::path> checkoutOf(const fs::path& directory) {
  const fs::path root = directory.parent_path().parent_path().parent_path();
  std::error_code ignored;
  if (directory.filename() == "bin" && fs::exists(root / "config" / "penstock.lua", ignored) &&
      fs::exists(root / "CMakeLists.txt", ignored))
    return root;
  return std::nullopt;
}

}  // namespace

Installation Installation::find() { return around(fs::read_symlink("/proc/self/exe").parent_path()); }

Installation Installation::around(const fs::path& directory) {
  if (const auto root = checkoutOf(directory)) {
    return {*root / "config" / "penstock.lua",
            *root / "config" / "conf.d",
            directory.parent_path() / "lib/penstock/plugins",
            *root / "scripts",
            *root / "scripts",
            *root / "migrations",
            *root / "var"};
  }
  const fs::path prefix = directory.parent_path();
  return {"/etc/penstock/penstock.lua",
          "/etc/penstock/conf.d",
          prefix / PENSTOCK_LIBRARY_DIRECTORY / "penstock/plugins",
          "/etc/penstock/scripts",
          prefix / "share/penstock/scripts",
          prefix / "share/penstock/migrations",
          "/var/lib/penstock"};
}

}  // namespace penstock
