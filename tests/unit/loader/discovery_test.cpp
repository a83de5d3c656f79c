#include "loader/discovery.h"
#include "support/temporary_folder.h"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <fstream>
#include <string>

namespace penstock {
namespace {

TEST(Discovery, OfAFolderThatIsNotThereFindsNothingAndSaysWhy) {
  const test::TemporaryFolder folder;
  const std::string directories[] = {(folder.path() / "absent").string(), folder.path().string()};
  const Discovery discovery = discover(directories);
  EXPECT_TRUE(discovery.plugins.empty());
  ASSERT_EQ(discovery.searched.size(), 2U);
  EXPECT_EQ(discovery.searched[0], directories[0] + " (No such file or directory)");
  EXPECT_EQ(discovery.searched[1], directories[1]);
}

TEST(Discovery, LooksAtRegularFilesNamedSoOnly) {
  const test::TemporaryFolder folder;
  std::ofstream(folder.path() / "README") << "text";
  std::filesystem::create_directory(folder.path() / "folder.so");
  ASSERT_EQ(mkfifo((folder.path() / "pipe.so").c_str(), 0600), 0);
  std::ofstream(folder.path() / "broken.so") << "text";
  const std::string directories[] = {folder.path().string()};
  const Discovery discovery = discover(directories);
  ASSERT_EQ(discovery.plugins.size(), 1U);
  EXPECT_EQ(discovery.plugins[0].name, "broken");
  EXPECT_EQ(discovery.find("broken"), &discovery.plugins[0]);
  EXPECT_EQ(discovery.find("pipe"), nullptr);
}

TEST(Discovery, TheFirstFolderThatHasANameWins) {
  const test::TemporaryFolder first;
  const test::TemporaryFolder second;
  std::ofstream(first.path() / "worker.so") << "text";
  std::ofstream(second.path() / "worker.so") << "text";
  const std::string directories[] = {first.path().string(), second.path().string()};
  const Discovery discovery = discover(directories);
  ASSERT_EQ(discovery.plugins.size(), 2U);
  EXPECT_EQ(discovery.find("worker")->file, directories[0] + "/worker.so");
  EXPECT_EQ(discovery.plugins[1].refusal, "worker.so: not used, because " + directories[0] + "/worker.so comes first");
}

}  // namespace
}  // namespace penstock
