#include "app/installation.h"

#include "support/temporary_folder.h"

#include <gtest/gtest.h>

#include <fstream>

namespace penstock::test {
namespace {

namespace fs = std::filesystem;

TEST(Installation, ACheckoutIsAllInOnePlace) {
  const TemporaryFolder folder;
  fs::create_directories(folder.path() / "config");
  fs::create_directories(folder.path() / "build/release/bin");
  std::ofstream(folder.path() / "config/penstock.lua") << "return {}";
  std::ofstream(folder.path() / "CMakeLists.txt") << "";
  const Installation found = Installation::around(folder.path() / "build/release/bin");
  EXPECT_EQ(found.configuration, folder.path() / "config/penstock.lua");
  EXPECT_EQ(found.scripts, folder.path() / "scripts");
  EXPECT_EQ(found.shipped_scripts, folder.path() / "scripts");
}

TEST(Installation, ShippedScriptsAreNotTheSites) {
  const Installation found = Installation::around("/usr/sbin");
  EXPECT_EQ(found.configuration, "/etc/penstock/penstock.lua");
  EXPECT_EQ(found.scripts, "/etc/penstock/scripts");
  EXPECT_EQ(found.shipped_scripts, "/usr/share/penstock/scripts");
  EXPECT_EQ(found.data, "/var/lib/penstock");
}

}  // namespace
}  // namespace penstock::test
