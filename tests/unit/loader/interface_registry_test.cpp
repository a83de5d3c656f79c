#include "loader/interface_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

struct Cup {
  static constexpr std::string_view kInterface = "test.cup/1";
};

TEST(InterfaceRegistry, FindsWhatIsGivenAndByWhom) {
  InterfaceRegistry registry;
  Cup cup;
  EXPECT_EQ(registry.find<Cup>(), nullptr);
  registry.give(cup);
  EXPECT_EQ(registry.find<Cup>(), &cup);
  EXPECT_EQ(registry.giver(Cup::kInterface), "");
  EXPECT_THAT(registry.ofHost(), testing::ElementsAre("test.cup/1"));
  EXPECT_FALSE(registry.give(Cup::kInterface, &cup, "potter"));
}

TEST(InterfaceRegistry, ForgetsWhatAGiverWithdraws) {
  InterfaceRegistry registry;
  Cup cup;
  EXPECT_TRUE(registry.give(Cup::kInterface, &cup, "potter"));
  EXPECT_EQ(registry.giver(Cup::kInterface), "potter");
  EXPECT_THAT(registry.ofHost(), testing::IsEmpty());
  registry.withdraw("turner");
  EXPECT_EQ(registry.find<Cup>(), &cup);
  registry.withdraw("potter");
  EXPECT_EQ(registry.find<Cup>(), nullptr);
}

}  // namespace
}  // namespace penstock
