#include "penstock/unique_function.h"

#include <gtest/gtest.h>

#include <array>

namespace penstock {
namespace {

TEST(UniqueFunction, OwnsAndDestroysItsTargetOnce) {
  auto alive = std::make_shared<int>(7);
  {
    UniqueFunction<int()> first = [alive] { return *alive; };
    UniqueFunction<int()> second = std::move(first);
    EXPECT_FALSE(first);
    EXPECT_EQ(second(), 7);
    EXPECT_EQ(alive.use_count(), 2);
    second = nullptr;
    EXPECT_EQ(alive.use_count(), 1);
  }
  EXPECT_EQ(alive.use_count(), 1);
}

TEST(UniqueFunction, KeepsLargeAndMoveOnlyTargets) {
  std::array<char, 200> large{};
  large[199] = 'x';
  auto owned = std::make_unique<int>(3);
  UniqueFunction<int(int)> function = [large, owned = std::move(owned)](int more) {
    return large[199] + *owned + more;
  };
  UniqueFunction<int(int)> moved;
  moved = std::move(function);
  EXPECT_EQ(moved(1), 'x' + 4);
}

TEST(UniqueFunction, ThatIsEmptyThrows) {
  UniqueFunction<void()> empty;
  EXPECT_THROW(empty(), std::bad_function_call);
}

}  // namespace
}  // namespace penstock
