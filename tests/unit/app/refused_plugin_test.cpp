#include "app/catalog.h"
#include "unit/config/config_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

using test::ConfigFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

FoundPlugin refused(std::string name) { return {name, name + ".so", nullptr, name + ".so: built against another SDK"}; }

TEST(RefusedPlugin, IsTheFaultAndTheKeysOfItsSectionAreNone) {
  ConfigFolder folder(R"(return { plugins = { "stray" }, stray = { max = 5, retry = { first = "1s" } }, strays = 1 })");
  const Configuration configuration = folder.load();
  Catalog catalog;
  catalog.sections.assign(hostSections().begin(), hostSections().end());
  catalog.discovery.plugins.push_back(refused("stray"));
  addRefused(catalog.discovery.plugins.front(), catalog);
  EXPECT_THAT(catalog.faults(configuration),
              ElementsAre("stray.so: built against another SDK", StartsWith("penstock.lua: strays: unknown key")));
}

TEST(RefusedPlugin, DoesNotOpenASectionOfTheHost) {
  ConfigFolder folder("return { logging = { levle = 'information' } }");
  Catalog catalog;
  catalog.sections.assign(hostSections().begin(), hostSections().end());
  addRefused(refused("logging"), catalog);
  EXPECT_THAT(folder.faults(catalog.sections), ElementsAre(HasSubstr("logging.levle: unknown key")));
}

TEST(RefusedPlugin, IsNotShown) {
  ConfigFolder folder(R"(return { stray = { max = 5 } })");
  Catalog catalog;
  addRefused(refused("stray"), catalog);
  EXPECT_THAT(folder.load().show(catalog.sections), Not(HasSubstr("stray")));
}

}  // namespace
}  // namespace penstock
