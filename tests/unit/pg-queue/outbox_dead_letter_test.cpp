#include <gmock/gmock.h>

#include "unit/pg-queue/outbox_fixture.h"

namespace penstock::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class OutboxDeadLetter : public testing::Test {
protected:
  OutboxDeadLetter() { mover.start(); }

  /// The one dead letter, once it is there.
  DeadLetter letter() {
    DeadLetterPage page;
    until([&] {
      page = mover.dead().list({}, {});
      return !page.items.empty();
    });
    EXPECT_EQ(page.total, 1U);
    return page.items.at(0);
  }

  OutboxDatabase database;
  Mover mover{database};
};

TEST_F(OutboxDeadLetter, ARefusedDraftIsADeadLetterWithAllItsReasons) {
  const Uuid id = database.enqueued("refused");
  const DeadLetter dead = letter();
  EXPECT_EQ(dead.event.id, id);
  EXPECT_EQ(dead.reason, "validation_failed");
  ASSERT_EQ(dead.failures.size(), 1U);
  EXPECT_EQ(dead.failures[0].reason, "to: must be a phone number; body: must not be that");
  EXPECT_EQ(dead.event.content.body, "refused");
  EXPECT_EQ(dead.event.content.to, "+15550100002");
  EXPECT_EQ(dead.event.customer, "default");
  EXPECT_EQ(database.left(), 0);
  EXPECT_EQ(mover.queue().stats().dead, 1U);
  until([&] { return mover.moved("refused") == 1; });
  database.script(OutboxDatabase::enqueue("good"));
  EXPECT_THAT(mover.bodies(1), ElementsAre("good"));
}

TEST_F(OutboxDeadLetter, AReplayedDraftIsJudgedAnew) {
  const Uuid id = database.enqueued("refused");
  letter();
  EXPECT_EQ(mover.dead().replay({}, 10, {}), 1U);
  DeadLetter again;
  until([&] {
    again = letter();
    return again.replays == 1;
  });
  EXPECT_EQ(again.failures.size(), 2U);
  EXPECT_EQ(again.attempts, 2U);
  mover.strict = false;
  EXPECT_EQ(mover.dead().replay({}, 10, {}), 1U);
  const std::vector<Event> events = mover.receive(1);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].id, id);
  EXPECT_EQ(mover.queue().stats().dead, 0U);
}

TEST_F(OutboxDeadLetter, AKeyWithOtherContentIsADeadLetterThatNamesTheFirstMessage) {
  database.script(OutboxDatabase::enqueue("one", "idempotency_key => 'k'"));
  const std::vector<Event> first = mover.receive(1);
  ASSERT_EQ(first.size(), 1U);
  database.script(OutboxDatabase::enqueue("other", "idempotency_key => 'k'"));
  const DeadLetter dead = letter();
  EXPECT_EQ(dead.reason, "idempotency_key_reused");
  EXPECT_EQ(dead.event.content.body, "other");
  ASSERT_EQ(dead.failures.size(), 1U);
  EXPECT_THAT(dead.failures[0].reason, HasSubstr(first[0].id.text()));
  until([&] { return mover.moved("conflict") == 1; });
}

TEST_F(OutboxDeadLetter, ADeadDraftDoesNotHoldItsKey) {
  database.script(OutboxDatabase::enqueue("one", "idempotency_key => 'k'"));
  ASSERT_EQ(mover.receive(1).size(), 1U);
  database.script(OutboxDatabase::enqueue("other", "idempotency_key => 'k'"));
  letter();
  database.script("TRUNCATE penstock.queue_keys_0, penstock.queue_keys_1, penstock.queue_keys_2");
  database.script(OutboxDatabase::enqueue("third", "idempotency_key => 'k'"));
  EXPECT_THAT(mover.bodies(1), ElementsAre("third"));
}

TEST_F(OutboxDeadLetter, WhatIsNoDraftIsADeadLetter) {
  database.script(
      "INSERT INTO penstock.outbox (tx, id, created_at, draft) VALUES "
      "(pg_current_xact_id()::text::bigint, gen_random_uuid(), now(), 'no JSON')");
  EXPECT_EQ(letter().reason, "malformed_json");
}

TEST_F(OutboxDeadLetter, AMessageThatIsLargerThanTheQueueIsADeadLetterAndHoldsNobodyUp) {
  OutboxDatabase own;
  Mover small(own, {{"max_bytes", "65536"}});
  own.script(OutboxDatabase::enqueue(std::string(100'000, 'x')) + OutboxDatabase::enqueue("small"));
  small.start();
  EXPECT_THAT(small.bodies(1), ElementsAre("small"));
  const DeadLetterPage page = small.dead().list({}, {});
  ASSERT_EQ(page.items.size(), 1U);
  EXPECT_EQ(page.items[0].reason, "too_large");
}

}  // namespace
}  // namespace penstock::test
