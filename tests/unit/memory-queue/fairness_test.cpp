#include "unit/memory-queue/memory_queue_test.h"

#include <algorithm>

namespace penstock::test {
namespace {

using MemoryQueueFairness = MemoryQueueTest;

TEST_F(MemoryQueueFairness, ALongConversationDoesNotKeepAnotherWaiting) {
  for (int i = 0; i < 100; ++i) accept(event("long"));
  const Event other = accept(event("other"));
  for (int call = 0; call < 2; ++call) {
    const auto deliveries = receive();
    ASSERT_EQ(deliveries.size(), 1U);
    if (deliveries.front().event.id == other.id) return;
    settle(deliveries.front(), Done{});
  }
  FAIL() << "the other conversation waits behind the long one";
}

TEST_F(MemoryQueueFairness, ABatchTakesFromAllConversationsInTurn) {
  for (int i = 0; i < 10; ++i) accept(event("a"));
  for (int i = 0; i < 10; ++i) accept(event("b"));
  std::vector<std::string> names;
  for (const Delivery& delivery : receive(6)) names.push_back(delivery.event.conversation);
  EXPECT_THAT(names, ::testing::ElementsAre("a", "b", "a", "b", "a", "b"));
}

TEST_F(MemoryQueueFairness, SuspectsAndOrdinaryEventsTakeTurns) {
  for (int i = 0; i < 3; ++i) accept(event());
  ASSERT_EQ(receive(10).size(), 3U);
  advance(30s);
  ASSERT_EQ(queue().stats().ready, 3U);
  for (int i = 0; i < 3; ++i) accept(event("ordinary"));
  std::size_t suspects = 0;
  for (int call = 0; call < 4; ++call) {
    const auto deliveries = receive(1);
    ASSERT_EQ(deliveries.size(), 1U);
    suspects += deliveries.front().alone ? 1 : 0;
    settle(deliveries.front(), Done{});
  }
  EXPECT_EQ(suspects, 3U) << "what waits longest is first";
  EXPECT_EQ(queue().stats().ready, 2U);
}

TEST_F(MemoryQueueFairness, ARetriedEventIsBackInItsPlaceOnceItIsDue) {
  const Event first = accept(event("a"));
  const Event second = accept(event("a"));
  settle(receive().at(0), RetryAfter{10s, "busy"});
  const Event third = accept(event("a"));
  advance(10s);
  std::vector<Uuid> order;
  for (const Delivery& delivery : receive(10)) order.push_back(delivery.event.id);
  EXPECT_EQ(order, (std::vector{first.id, second.id, third.id}));
}

TEST_F(MemoryQueueFairness, ARetriedEventThatIsLeasedAgainHoldsItsConversation) {
  const Event first = accept(event("a"));
  accept(event("a"));
  settle(receive().at(0), RetryAfter{0s, "busy"});
  const auto held = receive();
  ASSERT_EQ(held.at(0).event.id, first.id);
  EXPECT_TRUE(receive().empty());
}

TEST_F(MemoryQueueFairness, ConversationsOfTwoCustomersWithOneNameAreTwo) {
  Event mine = event("a");
  Event yours = event("a");
  yours.customer = "another";
  accept(mine);
  accept(yours);
  EXPECT_EQ(receive().size(), 1U);
  EXPECT_EQ(receive().size(), 1U);
}

}  // namespace
}  // namespace penstock::test
