#include "conformance/queue/engine_under_test.h"

#include <thread>

namespace penstock::test {
namespace {

class QueueKeys : public EngineUnderTest {
protected:
  void expectKnown(const Event& first) {
    const PublishResult duplicate = publish(withKeyOf(first, event(), true));
    EXPECT_EQ(duplicate.verdict, PublishVerdict::Duplicate);
    EXPECT_EQ(duplicate.id, first.id);
    const PublishResult conflict = publish(withKeyOf(first, event(), false));
    EXPECT_EQ(conflict.verdict, PublishVerdict::Conflict);
    EXPECT_EQ(conflict.id, first.id);
  }
};

TEST_F(QueueKeys, SameKeyIsDuplicateOrConflictWithTheFirstIdWhileReady) {
  const Event first = event();
  accept(first);
  expectKnown(first);
  EXPECT_EQ(drain(), std::vector{first.id});
}

TEST_F(QueueKeys, SameKeyIsKnownWhileLeased) {
  const Event first = event();
  accept(first);
  receiveOne();
  expectKnown(first);
}

TEST_F(QueueKeys, SameKeyIsKnownWhileScheduled) {
  const Event first = event();
  accept(first);
  end(receiveOne(), RetryAfter{1h, "busy"});
  expectKnown(first);
}

TEST_F(QueueKeys, SameKeyIsKnownAfterCompletion) {
  const Event first = event();
  accept(first);
  end(receiveOne());
  expectKnown(first);
  EXPECT_TRUE(receive().empty());
}

TEST_F(QueueKeys, SameKeyIsKnownWhileDead) {
  const Event first = event();
  bury(first);
  expectKnown(first);
}

TEST_F(QueueKeys, SameKeyIsKnownAfterAReplay) {
  const Event first = event();
  bury(first);
  ASSERT_EQ(deadLetters().replay({}, 1, 0s), 1U);
  expectKnown(first);
}

TEST_F(QueueKeys, DuplicatesKeepAnsweringWithTheFirstIdNotTheLatest) {
  const Event first = event();
  accept(first);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(publish(withKeyOf(first, event(), true)).id, first.id);
}

TEST_F(QueueKeys, OtherKeysWithTheSameContentAreOtherEvents) {
  const Event first = event();
  Event other = first;
  other.id = event().id;
  other.key = Digest128::of({"the same key of another customer"});
  other.customer = "another";
  accept({first, other});
  EXPECT_THAT(drain(), ::testing::UnorderedElementsAre(first.id, other.id));
}

TEST_F(QueueKeys, KeysThatDifferInOneBitAreOtherKeys) {
  Event first = event();
  accept(first);
  for (const std::size_t byte : {0U, 7U, 8U, 15U}) {
    Event other = event();
    other.key = first.key;
    other.key.bytes[byte] ^= 1;
    EXPECT_EQ(publish(other).verdict, PublishVerdict::Accepted);
  }
}

TEST_F(QueueKeys, AKeyIsForgottenOnceItsWindowHasPassed) {
  startWith({.key_window = 1h});
  const Event first = event();
  accept(first);
  end(receiveOne());
  advance(59min);
  expectKnown(first);
  advance(61min);
  const Event again = withKeyOf(first, event(), false);
  EXPECT_EQ(publish(again).verdict, PublishVerdict::Accepted);
  expectKnown(again);
}

TEST_F(QueueKeys, AKeyIsKnownForAsLongAsItsEventWaitsEvenBeyondItsWindow) {
  startWith({.key_window = 1h});
  const Event first = event();
  accept(first);
  advance(3h);
  expectKnown(first);
  end(receiveOne());
  EXPECT_EQ(publish(withKeyOf(first, event(), false)).verdict, PublishVerdict::Accepted);
}

TEST_F(QueueKeys, OfManyPublishersOfOneKeyOneIsAccepted) {
  const Event first = event();
  std::vector<Event> same(32, first);
  for (Event& event : same) event.id = this->event().id;
  std::vector<Answer> answers(same.size());
  {
    std::vector<std::jthread> publishers;
    for (std::size_t begin = 0; begin < 4; ++begin)
      publishers.emplace_back([&, begin] {
        for (std::size_t i = begin; i < same.size(); i += 4) queue().publish(same[i], answers[i].handler());
      });
  }
  std::vector<Uuid> accepted;
  std::vector<Uuid> named;
  for (const Answer& answer : answers) {
    const PublishResult result = answer.await();
    named.push_back(result.id);
    if (result.verdict == PublishVerdict::Accepted) {
      accepted.push_back(result.id);
    } else {
      EXPECT_EQ(result.verdict, PublishVerdict::Duplicate);
    }
  }
  ASSERT_EQ(accepted.size(), 1U);
  EXPECT_THAT(named, ::testing::Each(accepted.front()));
  EXPECT_EQ(drain(), accepted);
}

}  // namespace
}  // namespace penstock::test
