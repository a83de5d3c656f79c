#include "app/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr ConfigRow kRows[] = {{"url", ConfigType::Text, "", "nonempty", "Where.", true},
                               {"wait", ConfigType::Period, "5s", "1s..1m", "How long."}};
constexpr ConfigRow kEqualRows[] = {{"url", ConfigType::Text, "", "nonempty", "Said otherwise.", true},
                                    {"wait", ConfigType::Period, "5s", "1s..1m", "How long."}};
constexpr ConfigRow kOtherRows[] = {{"url", ConfigType::Text, "", "nonempty", "Where.", true},
                                    {"wait", ConfigType::Period, "9s", "1s..1m", "How long."}};
constexpr SharedSection kFirst[] = {{"base", kRows}};
constexpr SharedSection kEqual[] = {{"base", kEqualRows}};
constexpr SharedSection kOther[] = {{"base", kOtherRows}};

Descriptor describe(std::string_view name, std::span<const SharedSection> shared) {
  return {PENSTOCK_FINGERPRINT, name, "1", "A plugin.", {}, {}, {}, nullptr, shared};
}

void add(const Descriptor& descriptor, bool active, Catalog& catalog) {
  addShared({std::string(descriptor.name), "file.so", &descriptor, {}}, active, catalog);
}

TEST(SharedSection, EqualDeclarationsAreOneSectionThatIsActiveWithAnyOfItsPlugins) {
  const Descriptor one = describe("one", kFirst);
  const Descriptor two = describe("two", kEqual);
  Catalog catalog;
  add(one, false, catalog);
  ASSERT_EQ(catalog.sections.size(), 1u);
  EXPECT_FALSE(catalog.sections.front().active);
  add(two, true, catalog);
  ASSERT_EQ(catalog.sections.size(), 1u);
  EXPECT_TRUE(catalog.sections.front().active);
  EXPECT_THAT(catalog.disagreements, IsEmpty());
}

TEST(SharedSection, AnotherDeclarationIsRefusedWithTheNameOfThePlugin) {
  const Descriptor one = describe("one", kFirst);
  const Descriptor two = describe("two", kOther);
  Catalog catalog;
  add(one, true, catalog);
  add(two, true, catalog);
  EXPECT_THAT(catalog.disagreements,
              ElementsAre("two declares other rows for the section base than a plugin or the host before it; install "
                          "plugins of one version"));
}

TEST(SharedSection, APluginThatIsNotEnabledDisturbsNobody) {
  const Descriptor one = describe("one", kFirst);
  const Descriptor two = describe("two", kOther);
  Catalog catalog;
  add(one, true, catalog);
  add(two, false, catalog);
  EXPECT_THAT(catalog.disagreements, IsEmpty());
}

}  // namespace
}  // namespace penstock
