#include "conformance/queue/engine_under_test.h"

#include <algorithm>

namespace penstock::test {
namespace {

class QueueSuspects : public EngineUnderTest {
protected:
  /// Hands out the events in one batch whose worker is never heard of again.
  void crashWith(const std::vector<Event>& batch) {
    accept(batch);
    ASSERT_EQ(receive().size(), batch.size());
    advance(kLease);
  }

  /// Its lease runs out three times while it is alone.
  void condemn(const Event& poison) {
    crashWith({poison});
    for (std::uint32_t expiry = 1; expiry <= 3; ++expiry) {
      const Delivery delivery = receiveOne();
      EXPECT_TRUE(delivery.alone);
      EXPECT_EQ(delivery.expired_alone, expiry - 1);
      EXPECT_FALSE(delivery.condemned);
      advance(kLease);
    }
  }
};

TEST_F(QueueSuspects, AnEventOfAnOrdinaryBatchIsNotAlone) {
  accept(events(3));
  for (const Delivery& delivery : receive()) EXPECT_FALSE(delivery.alone);
}

TEST_F(QueueSuspects, AfterALostLeaseItsEventsComeOneByOneAndAlone) {
  const auto batch = events(3);
  crashWith(batch);
  std::vector<Uuid> seen;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto deliveries = receive(10);
    ASSERT_EQ(deliveries.size(), 1U);
    EXPECT_TRUE(deliveries.front().alone);
    seen.push_back(deliveries.front().event.id);
    end(deliveries.front());
  }
  EXPECT_THAT(seen, ::testing::UnorderedElementsAreArray(ids(batch)));
  EXPECT_TRUE(receive().empty());
}

TEST_F(QueueSuspects, WhatWasSettledBeforeTheLeaseWasLostIsNoSuspect) {
  accept(events(3));
  const auto held = receive();
  ASSERT_EQ(held.size(), 3U);
  end(held[0]);
  end(held[1], RetryAfter{kLease, "busy"});
  advance(kLease);
  std::vector<std::pair<Uuid, bool>> seen;
  for (auto batch = receive(10); !batch.empty(); batch = receive(10)) {
    for (const Delivery& delivery : batch) {
      seen.emplace_back(delivery.event.id, delivery.alone);
      end(delivery);
    }
  }
  EXPECT_THAT(seen,
              ::testing::UnorderedElementsAre(std::pair(held[1].event.id, false), std::pair(held[2].event.id, true)));
}

TEST_F(QueueSuspects, ASuspectNeverSharesACallWithOthers) {
  crashWith(events(2));
  accept(events(5));
  std::size_t alone = 0;
  std::size_t ordinary = 0;
  for (auto batch = receive(3); !batch.empty(); batch = receive(3)) {
    const bool suspect = std::any_of(batch.begin(), batch.end(), [](const Delivery& each) { return each.alone; });
    if (suspect) {
      EXPECT_EQ(batch.size(), 1U);
    }
    (suspect ? alone : ordinary) += batch.size();
    for (const Delivery& delivery : batch) end(delivery);
  }
  EXPECT_EQ(alone, 2U);
  EXPECT_EQ(ordinary, 5U);
}

TEST_F(QueueSuspects, ASuspectSharesNoCallWithItsOwnConversationEither) {
  accept({event("sms:a"), event("sms:a"), event("sms:a")});
  const auto held = receive(2);
  ASSERT_EQ(held.size(), 2U);
  end(held[0], Release{kLease, "paused"});
  advance(kLease);
  std::vector<std::pair<Uuid, bool>> seen;
  for (auto batch = receive(10); !batch.empty(); batch = receive(10)) {
    for (const Delivery& delivery : batch) {
      if (delivery.alone) {
        EXPECT_EQ(batch.size(), 1U);
      }
      seen.emplace_back(delivery.event.id, delivery.alone);
      end(delivery);
    }
  }
  EXPECT_EQ(seen.size(), 3U);
  EXPECT_THAT(seen, ::testing::Contains(std::pair(held[0].event.id, false)));
  EXPECT_THAT(seen, ::testing::Contains(std::pair(held[1].event.id, true)));
}

TEST_F(QueueSuspects, ASuspectThatFinishesIsDone) {
  crashWith(events(1));
  end(receiveOne());
  advance(kLease * 10);
  EXPECT_TRUE(receive().empty());
  EXPECT_TRUE(deadList().empty());
}

TEST_F(QueueSuspects, AReleasedSuspectStaysASuspect) {
  crashWith(events(1));
  end(receiveOne(), Release{1min, "drain"});
  advance(1min);
  const Delivery delivery = receiveOne();
  EXPECT_TRUE(delivery.alone);
  EXPECT_EQ(delivery.attempt, 2U);
}

TEST_F(QueueSuspects, AfterTheThirdExpiryWhileAloneItComesForNothingButItsEnd) {
  const Event poison = event();
  condemn(poison);
  const Delivery condemned = receiveOne();
  EXPECT_TRUE(condemned.alone);
  EXPECT_EQ(condemned.condemned, Grounds::CrashSuspect);
  EXPECT_EQ(condemned.event.id, poison.id);
  EXPECT_EQ(condemned.attempt, 5U);
  EXPECT_TRUE(deadList().empty());
  end(condemned, Dead{.reason = "crash_suspect", .grounds = Grounds::CrashSuspect});
  EXPECT_TRUE(receive().empty());
  const auto letters = deadList();
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters.front().event, poison);
  EXPECT_EQ(letters.front().reason, "crash_suspect");
  EXPECT_EQ(letters.front().attempts, 5U);
  EXPECT_EQ(letters.front().failures.size(), 5U);
}

TEST_F(QueueSuspects, ACondemnedOneThatIsGivenBackStaysCondemned) {
  condemn(event());
  end(receiveOne(), Release{1min, "store unavailable"});
  EXPECT_TRUE(receive().empty());
  advance(1min);
  EXPECT_EQ(receiveOne().condemned, Grounds::CrashSuspect);
}

TEST_F(QueueSuspects, TheEngineBuriesWhatNobodyLivesToBury) {
  const Event poison = event();
  condemn(poison);
  for (int expiry = 1; expiry <= 3; ++expiry) {
    EXPECT_TRUE(deadList().empty());
    EXPECT_TRUE(receiveOne().condemned);
    advance(kLease);
  }
  EXPECT_TRUE(receive().empty());
  const auto letters = deadList();
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters.front().event, poison);
  EXPECT_EQ(letters.front().reason, "crash_suspect");
  EXPECT_EQ(letters.front().failures.size(), 7U);
}

TEST_F(QueueSuspects, APoisonTakesNobodyOfItsBatchWithIt) {
  const auto batch = events(5);
  const Uuid poison = batch[2].id;
  crashWith(batch);
  std::vector<Uuid> finished;
  for (auto deliveries = receive(10); !deliveries.empty(); deliveries = receive(10)) {
    ASSERT_EQ(deliveries.size(), 1U);
    if (deliveries.front().event.id == poison) {
      advance(kLease);
      continue;
    }
    finished.push_back(deliveries.front().event.id);
    end(deliveries.front());
  }
  EXPECT_EQ(finished.size(), 4U);
  EXPECT_EQ(ids(deadList()), std::vector{poison});
}

TEST_F(QueueSuspects, TheLateWorkerOfASuspectIsFenced) {
  crashWith(events(1));
  std::vector<Delivery> held;
  for (int expiry = 0; expiry < 6; ++expiry) {
    held.push_back(receiveOne());
    advance(kLease);
  }
  for (const Delivery& delivery : held) EXPECT_EQ(settle(delivery, Done{}), SettleVerdict::LeaseLost);
  EXPECT_EQ(deadList().size(), 1U);
}

}  // namespace
}  // namespace penstock::test
