#include "cache_fixture.h"

namespace penstock::redis_cache {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::string keyOf(std::uint32_t number, const std::string& prefix = "penstock:") {
  return prefix + "sent:" + idOf(number).text();
}

TEST(Notes, LieUnderAKeyWithOurIdForTheTimeToLive) {
  test::RedisServer redis;
  CacheFixture fixture(redis.url(), {{"ttl", "1h"}});
  const WallTime sent_at = noteOf(1).sent_at;  // without a fraction of a millisecond
  fixture.cache().note({idOf(1), "SM 1\r\n", sent_at + std::chrono::microseconds(999)});
  fixture.awaitWritten(1);
  const std::string time = std::to_string(sent_at.time_since_epoch() / milliseconds(1));
  EXPECT_EQ(redis.command({"GET", keyOf(1)}), "$20\r\n" + time + " SM 1\r\n\r\n");
  EXPECT_EQ(redis.command({"ZSCORE", "penstock:sent", idOf(1).text()}), "$13\r\n" + time + "\r\n");
  const std::int64_t left = redis.number({"PTTL", keyOf(1)});
  EXPECT_LE(left, 3'600'000);
  EXPECT_GT(left, 3'000'000);
  const std::int64_t list_left = redis.number({"PTTL", "penstock:sent"});
  EXPECT_LE(list_left, 3'600'000);
  EXPECT_GT(list_left, 3'000'000);
}

TEST(Notes, AreListedNewestFirstByPage) {
  test::RedisServer redis;
  CacheFixture fixture(redis.url());
  fixture.awaitReady();
  const SentNote middle = noteOf(2, seconds(20));
  SentNote twin = middle;
  twin.message_id = idOf(4);
  fixture.cache().note(noteOf(3, seconds(30)));
  fixture.cache().note(twin);
  fixture.cache().note(noteOf(1, seconds(10)));
  fixture.cache().note(middle);
  EXPECT_THAT(numbers(fixture.cache().newest({1, 50})), ElementsAre(1, 4, 2, 3));
  EXPECT_THAT(numbers(fixture.cache().newest({1, 3})), ElementsAre(1, 4, 2));
  EXPECT_THAT(numbers(fixture.cache().newest({2, 3})), ElementsAre(3));
  EXPECT_THAT(numbers(fixture.cache().newest({1'000'000'000, 50})), IsEmpty());
  const auto page = fixture.cache().newest({2, 2});
  ASSERT_THAT(page, testing::Optional(SizeIs(2)));
  EXPECT_EQ(page->front().provider_message_id, "their-2");
  EXPECT_EQ(page->front().sent_at, middle.sent_at);
  EXPECT_EQ(fixture.metric("reads_total{outcome=\"answered\"}"), 5);
}

TEST(Notes, NotedAgainReplacesWhatWasNoted) {
  test::RedisServer redis;
  CacheFixture fixture(redis.url());
  fixture.awaitReady();
  fixture.cache().note(noteOf(1, seconds(10)));
  const SentNote again{idOf(1), "another", noteOf(1).sent_at};
  fixture.cache().note(again);
  const auto page = fixture.cache().newest({1, 50});
  ASSERT_THAT(page, testing::Optional(SizeIs(1)));
  EXPECT_EQ(page->front().provider_message_id, "another");
  EXPECT_EQ(page->front().sent_at, again.sent_at);
}

TEST(Notes, AreForgottenWhenTheirTimeIsOver) {
  test::RedisServer redis;
  CacheFixture fixture(redis.url(), {{"ttl", "1s"}});
  fixture.awaitReady();
  fixture.cache().note(noteOf(1));
  EXPECT_THAT(numbers(fixture.cache().newest({1, 50})), ElementsAre(1));
  until([&] { return redis.number({"EXISTS", keyOf(1), "penstock:sent"}) == 0; });
  EXPECT_THAT(numbers(fixture.cache().newest({1, 50})), IsEmpty());
}

TEST(Notes, OlderThanTheTimeToLiveLeaveTheList) {
  test::RedisServer redis;
  CacheFixture fixture(redis.url(), {{"ttl", "1h"}});
  fixture.cache().note(noteOf(1, std::chrono::hours(2)));
  fixture.cache().note(noteOf(2));
  fixture.awaitWritten(2);
  EXPECT_EQ(redis.number({"ZCARD", "penstock:sent"}), 1);
  redis.command({"ZADD", "penstock:sent", "1", idOf(1).text()});  // by a process whose clock is wrong
  EXPECT_THAT(numbers(fixture.cache().newest({1, 50})), ElementsAre(2));
}

TEST(Notes, TheListIsNoLongerThanItMayBe) {
  test::RedisServer redis;
  CacheFixture fixture(redis.url(), {{"listed", "50"}, {"batch", "7"}});
  for (std::uint32_t i = 1; i <= 120; ++i) fixture.cache().note(noteOf(i, seconds(200 - i)));
  fixture.awaitWritten(120);
  until([&] { return redis.number({"ZCARD", "penstock:sent"}) == 50; });
  EXPECT_EQ(numbers(fixture.cache().newest({1, 50}))[0], 120);
  EXPECT_EQ(redis.number({"EXISTS", keyOf(1)}), 1);
}

TEST(Notes, LieInTheDatabaseAndBelowThePrefixThatAreConfigured) {
  test::RedisServer redis;
  CacheFixture fixture(redis.url() + "?db=3", {{"prefix", "mine/"}});
  fixture.cache().note(noteOf(1));
  fixture.awaitWritten(1);
  EXPECT_EQ(redis.number({"DBSIZE"}), 0);
  EXPECT_EQ(redis.command({"SWAPDB", "0", "3"}), "+OK\r\n");
  EXPECT_EQ(redis.number({"EXISTS", keyOf(1, "mine/"), "mine/sent"}), 2);
}

TEST(Notes, TwoProcessesOnOneRedisKnowTheSame) {
  test::RedisServer redis;
  CacheFixture one(redis.url());
  CacheFixture other(redis.url());
  other.awaitReady();
  one.cache().note(noteOf(1));
  one.awaitWritten(1);
  EXPECT_THAT(numbers(other.cache().newest({1, 50})), ElementsAre(1));
}

TEST(Notes, WhatWasEvictedOrIsNoNoteIsPassedOver) {
  test::RedisServer redis;
  CacheFixture fixture(redis.url());
  fixture.awaitReady();
  for (std::uint32_t i = 1; i <= 6; ++i) fixture.cache().note(noteOf(i, seconds(10 * i)));
  fixture.awaitWritten(6);
  redis.command({"DEL", keyOf(1)});
  redis.command({"SET", keyOf(3), "nonsense"});
  redis.command({"SET", keyOf(4), "-5 theirs"});
  redis.command({"SET", keyOf(5), "99999999999999999999 theirs"});
  const std::string newest = std::to_string(noteOf(0).sent_at.time_since_epoch().count() / 1000 + 60000);
  redis.command({"ZADD", "penstock:sent", newest, "no id"});
  EXPECT_THAT(numbers(fixture.cache().newest({1, 50})), ElementsAre(2, 6));
}

TEST(Notes, AreWrittenInBatches) {
  test::RedisServer redis;
  CacheFixture fixture(redis.url(), {{"batch", "100"}});
  fixture.awaitReady();
  redis.pause();
  fixture.cache().note(noteOf(0));
  until([&] { return fixture.metric("notes_waiting") == 0; });
  for (std::uint32_t i = 1; i <= 1000; ++i) fixture.cache().note(noteOf(i));
  EXPECT_EQ(fixture.metric("notes_waiting"), 1000);
  redis.resume();
  fixture.awaitWritten(1001);
  EXPECT_EQ(fixture.metric("latency_seconds"), 11);
  EXPECT_EQ(redis.number({"ZCARD", "penstock:sent"}), 1001);
}

TEST(Notes, WithAnIdThatIsTooLongAreDroppedAndCounted) {
  test::RedisServer redis;
  CacheFixture fixture(redis.url());
  fixture.cache().note({idOf(1), std::string(512, 'x'), noteOf(1).sent_at});
  fixture.cache().note({idOf(2), std::string(513, 'x'), noteOf(2).sent_at});
  fixture.awaitWritten(1);
  EXPECT_EQ(fixture.dropped("too_long"), 1);
  EXPECT_EQ(redis.number({"DBSIZE"}) >= 2, true);
  EXPECT_EQ(redis.number({"EXISTS", keyOf(1), keyOf(2)}), 1);
}

}  // namespace
}  // namespace penstock::redis_cache
