#include "conformance/queue/engine_under_test.h"

#include <algorithm>
#include <map>

namespace penstock::test {
namespace {

class QueueOrder : public EngineUnderTest {
protected:
  std::vector<Event> conversation(const std::string& name, std::size_t count) {
    std::vector<Event> made;
    while (made.size() < count) made.push_back(event(name));
    accept(made);
    return made;
  }
};

TEST_F(QueueOrder, AConversationComesInPublishOrderOneByOne) {
  const auto published = conversation("sms:a", 20);
  for (const Event& next : published) {
    const Delivery delivery = receiveOne();
    EXPECT_EQ(delivery.event.id, next.id);
    end(delivery);
  }
}

TEST_F(QueueOrder, AConversationComesInPublishOrderInBatches) {
  const auto published = conversation("sms:a", 50);
  std::vector<Uuid> seen;
  for (auto batch = receive(7); !batch.empty(); batch = receive(7)) {
    for (const Delivery& delivery : batch) seen.push_back(delivery.event.id);
    for (const Delivery& delivery : batch) end(delivery);
  }
  EXPECT_EQ(seen, ids(published));
}

TEST_F(QueueOrder, ManyConversationsEachComeInPublishOrder) {
  std::map<std::string, std::vector<Uuid>> published;
  for (int round = 0; round < 10; ++round) {
    for (int each = 0; each < 10; ++each) {
      const Event event = this->event("sms:" + std::to_string(each));
      accept(event);
      published[event.conversation].push_back(event.id);
    }
  }
  std::map<std::string, std::vector<Uuid>> seen;
  for (auto batch = receive(9); !batch.empty(); batch = receive(9)) {
    for (const Delivery& delivery : batch) seen[delivery.event.conversation].push_back(delivery.event.id);
    for (const Delivery& delivery : batch) end(delivery);
  }
  EXPECT_EQ(seen, published);
}

TEST_F(QueueOrder, WhileOneIsLeasedNoOtherCallerGetsALaterOne) {
  const auto published = conversation("sms:a", 3);
  for (const Event& next : published) {
    const Delivery held = receiveOne();
    EXPECT_EQ(held.event.id, next.id);
    EXPECT_TRUE(receive().empty());
    end(held);
  }
}

TEST_F(QueueOrder, WhileAnyOfABatchIsLeasedNoOtherCallerGetsALaterOne) {
  const auto published = conversation("sms:a", 3);
  const auto held = receive(2);
  ASSERT_FALSE(held.empty());
  for (const Delivery& delivery : held) {
    EXPECT_TRUE(receive().empty());
    end(delivery);
  }
  EXPECT_EQ(receiveOne().event.id, published[held.size()].id);
}

TEST_F(QueueOrder, APublishedEventDoesNotOvertakeALeasedOneOfItsConversation) {
  conversation("sms:a", 1);
  const Delivery held = receiveOne();
  const auto later = conversation("sms:a", 1);
  EXPECT_TRUE(receive().empty());
  end(held);
  EXPECT_EQ(receiveOne().event.id, later.front().id);
}

TEST_F(QueueOrder, AnUnfinishedConversationDoesNotStopTheOthers) {
  std::vector<Event> published;
  for (int i = 0; i < 64; ++i) published.push_back(event());
  accept(published);
  receiveOne();
  EXPECT_FALSE(receive(1).empty());
}

TEST_F(QueueOrder, ARetriedEventHoldsNobodyUp) {
  const auto published = conversation("sms:a", 2);
  end(receiveOne(), RetryAfter{1h, "busy"});
  EXPECT_EQ(drain(), std::vector{published[1].id});
  advance(1h);
  EXPECT_EQ(drain(), std::vector{published[0].id});
}

TEST_F(QueueOrder, AParkedEventHoldsNobodyUp) {
  const auto published = conversation("sms:a", 2);
  end(receiveOne(), Release{1h, "paused"});
  EXPECT_EQ(drain(), std::vector{published[1].id});
  advance(1h);
  EXPECT_EQ(drain(), std::vector{published[0].id});
}

TEST_F(QueueOrder, ADeadEventHoldsNobodyUp) {
  const auto published = conversation("sms:a", 2);
  end(receiveOne(), Dead{"no route"});
  EXPECT_EQ(drain(), std::vector{published[1].id});
}

TEST_F(QueueOrder, WhatOneCallReleasedComesAgainInPublishOrder) {
  conversation("sms:a", 4);
  auto held = receive();
  ASSERT_FALSE(held.empty());
  const auto released = ids(held);
  std::reverse(held.begin(), held.end());
  for (const Delivery& delivery : held) end(delivery, Release{0s, "drain"});
  auto seen = drain();
  std::erase_if(seen,
                [&](const Uuid& id) { return std::find(released.begin(), released.end(), id) == released.end(); });
  EXPECT_EQ(seen, released);
}

}  // namespace
}  // namespace penstock::test
