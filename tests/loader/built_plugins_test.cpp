#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

namespace penstock {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::HasSubstr;

std::vector<std::string> linesOf(const std::string& command) {
  FILE* output = popen(command.c_str(), "r");
  if (output == nullptr) throw std::runtime_error("cannot run " + command);
  std::string text;
  for (int c = std::fgetc(output); c != EOF; c = std::fgetc(output)) text += static_cast<char>(c);
  if (pclose(output) != 0) throw std::runtime_error(command + " failed");
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> builtPlugins() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(BUILT_PLUGINS))
    if (entry.path().extension() == ".so") files.push_back(entry.path().string());
  return files;
}

TEST(BuiltPlugins, AreAllThere) { EXPECT_GE(builtPlugins().size(), std::size_t{BUILT_PLUGIN_COUNT}); }

TEST(BuiltPlugins, ExportOneSymbol) {
  for (const std::string& file : builtPlugins()) {
    const auto exported = linesOf(PENSTOCK_NM " -D --defined-only --format=posix " + file);
    ASSERT_EQ(exported.size(), 1U) << file << ": " << testing::PrintToString(exported);
    EXPECT_TRUE(exported[0].starts_with("penstock_plugin T ")) << file << ": " << exported[0];
  }
}

TEST(BuiltPlugins, BindEverythingWhenOpenedAndThenSealTheirTables) {
  for (const std::string& file : builtPlugins()) {
    const auto headers = linesOf(PENSTOCK_READELF " -W --dynamic --program-headers " + file);
    EXPECT_THAT(headers, Contains(AnyOf(HasSubstr("BIND_NOW"), HasSubstr("Flags: NOW")))) << file;
    EXPECT_THAT(headers, Contains(HasSubstr("GNU_RELRO"))) << file;
    EXPECT_THAT(headers, Contains(testing::ContainsRegex("GNU_STACK.* RW "))) << file;
    EXPECT_THAT(headers, testing::Not(Contains(HasSubstr("TEXTREL")))) << file;
  }
}

}  // namespace
}  // namespace penstock
