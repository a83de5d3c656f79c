#include "loader/discovery.h"
#include "loader/order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string folder(const std::string& name) { return std::string(TEST_PLUGINS) + "/" + name; }

Discovery discoverIn(const std::string& name) {
  const std::string directories[] = {folder(name)};
  return discover(directories);
}

std::string refusal(const std::string& name, const std::string& file) {
  const FoundPlugin found = openPlugin(folder(name) + "/" + file);
  EXPECT_EQ(found.descriptor == nullptr, !found.refusal.empty());
  return found.refusal;
}

std::vector<std::string> faults(const std::string& name, const std::vector<std::string>& enabled) {
  return startOrder(enabled, discoverIn(name), {}).faults;
}

TEST(Refusal, OfAPluginBuiltAgainstAnotherSdk) {
  const std::string host = std::string(PENSTOCK_FINGERPRINT).substr(0, 16);
  EXPECT_EQ(refusal("fingerprint", "other-fingerprint.so"),
            "other-fingerprint.so: built against another SDK (found 3f9c0123456789ab…, host is " + host +
                "…); rebuild it with the SDK of this penstockd");
}

TEST(Refusal, OfALibraryThatIsNoPlugin) {
  EXPECT_EQ(refusal("no-symbol", "no-symbol.so"),
            "no-symbol.so: exports no penstock_plugin, so it is no plugin of Penstock; take it away");
}

TEST(Refusal, OfAnUndefinedSymbolWhenOpenedAndNotWhenCalled) {
  EXPECT_EQ(refusal("undefined-symbol", "undefined-symbol.so"),
            "undefined-symbol.so: needs penstock::definedNowhere(std::__cxx11::basic_string<char, "
            "std::char_traits<char>, std::allocator<char> > const&), which nothing defines; rebuild it with the SDK "
            "of this penstockd");
}

TEST(Refusal, OfLazyBinding) {
  EXPECT_EQ(refusal("lazy", "lazy.so"),
            "lazy.so: is linked to look for its symbols only when it calls them; link it with -Wl,-z,now");
}

TEST(Refusal, OfAFileThatIsNoLibrary) {
  EXPECT_EQ(refusal("not-elf", "not-elf.so"),
            "not-elf.so: cannot be opened (invalid ELF header); replace it with one that is whole, or take it away");
  EXPECT_EQ(refusal("empty", "empty.so"),
            "empty.so: cannot be opened (file too short); replace it with one that is whole, or take it away");
  EXPECT_EQ(refusal("empty", "absent.so"),
            "absent.so: cannot be opened (cannot open shared object file: No such file or directory); replace it with "
            "one that is whole, or take it away");
}

TEST(Refusal, OfAPluginWithTheNameOfAnother) {
  EXPECT_EQ(refusal("name", "name-differs.so"),
            "name-differs.so: calls itself other-name; the file and the plugin must have one name");
}

TEST(Refusal, OfAPluginWithoutADescriptor) {
  EXPECT_EQ(refusal("no-descriptor", "no-descriptor.so"),
            "no-descriptor.so: has no descriptor; rebuild it with the SDK of this penstockd");
}

TEST(Refusal, OfADescriptorSaysEverythingThatIsWrongWithIt) {
  EXPECT_EQ(refusal("rows", "bad-rows.so"),
            "bad-rows.so: provides \"penstock.queue\", which is not an interface such as penstock.queue/1; provides "
            "test.one/1 twice; requires test.one/1, which it provides itself; its configuration row \"Size\" is no "
            "key; its configuration row full has a default that is not one of its choices; its configuration row full "
            "is declared twice; its configuration row quiet says nothing about itself; its configuration row secret "
            "is a secret but no text");
}

TEST(Refusal, OfAMissingRequirement) {
  const std::string first = folder("missing");
  const std::string second = folder("duplicate");
  EXPECT_THAT(faults("missing", {"missing-requirement"}),
              ElementsAre("missing-requirement needs penstock.queue/1 but no enabled plugin gives it; no plugin in " +
                          first + " does"));
  const std::string directories[] = {first, second};
  const std::string enabled[] = {"missing-requirement"};
  EXPECT_THAT(startOrder(enabled, discover(directories), {}).faults,
              ElementsAre("missing-requirement needs penstock.queue/1 but no enabled plugin gives it; add first-giver "
                          "or second-giver to plugins"));
}

TEST(Refusal, OfTwoPluginsThatGiveOneInterface) {
  EXPECT_THAT(faults("duplicate", {"second-giver", "first-giver"}),
              ElementsAre("second-giver and first-giver both give penstock.queue/1; keep one of them in plugins"));
}

TEST(Refusal, OfPluginsThatNeedEachOther) {
  EXPECT_THAT(faults("cycle", {"egg", "chicken"}),
              ElementsAre("egg and chicken need each other in a circle (egg needs test.chicken/1 of chicken and "
                          "chicken needs test.egg/1 of egg); take one of them out of plugins"));
}

TEST(Refusal, OfAnEnabledPluginThatIsBroken) {
  EXPECT_THAT(faults("name", {"name-differs"}),
              ElementsAre("name-differs.so: calls itself other-name; the file and the plugin must have one name"));
}

TEST(Discovery, ABrokenPluginDisturbsNobodyUnlessItIsEnabled) {
  const std::string directories[] = {folder("not-elf"), folder("fingerprint"), folder("duplicate")};
  const Discovery discovery = discover(directories);
  EXPECT_EQ(discovery.plugins.size(), 4U);
  const std::string enabled[] = {"first-giver"};
  const StartOrder order = startOrder(enabled, discovery, {});
  EXPECT_THAT(order.faults, IsEmpty());
  ASSERT_EQ(order.plugins.size(), 1U);
  EXPECT_EQ(order.plugins[0]->name, "first-giver");
}

}  // namespace
}  // namespace penstock
