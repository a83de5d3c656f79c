#include "cache_fixture.h"

namespace penstock::redis_cache {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Trouble, AnAbsentRedisIsDegradedAndItsNotesAreWrittenWhenItComes) {
  test::RedisServer redis({}, false);
  CacheFixture fixture(redis.url());
  until([&] { return fixture.errors("unreachable") >= 1; });
  EXPECT_EQ(fixture.health().state, HealthState::Degraded);
  EXPECT_THAT(fixture.health().reason, HasSubstr("Redis at " + redis.socket() + " cannot be used"));
  EXPECT_EQ(fixture.metric("connected"), 0);
  fixture.cache().note(noteOf(1));
  EXPECT_THAT(numbers(fixture.cache().newest({1, 50})), ElementsAre(-1));
  EXPECT_EQ(fixture.metric("reads_total{outcome=\"unknown\"}"), 1);
  redis.start();
  fixture.awaitReady();
  EXPECT_EQ(fixture.metric("connected"), 1);
  fixture.awaitWritten(1);
  EXPECT_THAT(numbers(fixture.cache().newest({1, 50})), ElementsAre(1));
  EXPECT_EQ(fixture.plugin.log.count("cache.unavailable"), 1U);
  EXPECT_EQ(fixture.plugin.log.count("cache.available"), 1U);
}

TEST(Trouble, ARestartIsNoticedAndSurvived) {
  test::RedisServer redis;
  CacheFixture fixture(redis.url());
  for (std::uint32_t round = 1; round <= 3; ++round) {
    fixture.awaitReady();
    const double written = fixture.written();
    fixture.cache().note(noteOf(round));
    fixture.awaitWritten(written + 1);
    redis.stop(round == 1 ? SIGTERM : SIGKILL);
    fixture.awaitDegraded();  // without a note: the thread looks by itself
    EXPECT_THAT(numbers(fixture.cache().newest({1, 50})), ElementsAre(-1));
    redis.start();
  }
  fixture.awaitReady();
}

TEST(Trouble, WhatIsNotedWhileRedisIsAwayIsBoundedAndTheNewestIsKept) {
  test::RedisServer redis({}, false);
  CacheFixture fixture(redis.url(), {{"queue", "10"}});
  for (std::uint32_t i = 1; i <= 25; ++i) fixture.cache().note(noteOf(i, seconds(25 - i)));
  EXPECT_EQ(fixture.dropped("overflow"), 15);
  EXPECT_EQ(fixture.metric("notes_waiting"), 10);
  redis.start();
  fixture.awaitWritten(10);
  EXPECT_THAT(numbers(fixture.cache().newest({1, 50})), ElementsAre(25, 24, 23, 22, 21, 20, 19, 18, 17, 16));
}

TEST(Trouble, ARedisThatStandsStillHoldsNobodyUp) {
  test::RedisServer redis;
  CacheFixture fixture(redis.url(), {{"read_timeout", "20ms"}, {"queue", "100"}});
  fixture.awaitReady();
  redis.pause();
  fixture.cache().note(noteOf(0));
  until([&] { return fixture.metric("notes_waiting") == 0; });
  // The thread waits for 20 s. None of this does.
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint32_t i = 1; i <= 1000; ++i) fixture.cache().note(noteOf(i));
  EXPECT_THAT(numbers(fixture.cache().newest({1, 50})), ElementsAre(-1));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(10));
  EXPECT_EQ(fixture.dropped("overflow"), 900);
  EXPECT_EQ(fixture.written(), 0);
  redis.resume();
  fixture.awaitWritten(101);
}

TEST(Trouble, ARedisThatStandsStillForTooLongIsAwayUntilItGoesOn) {
  test::RedisServer redis;
  CacheFixture fixture(redis.url(), {{"timeout", "500ms"}});
  fixture.awaitReady();
  redis.pause();
  fixture.cache().note(noteOf(1));
  fixture.awaitDegraded();
  EXPECT_THAT(fixture.health().reason, HasSubstr("it does not answer in time"));
  EXPECT_GE(fixture.errors("timed_out"), 1);
  EXPECT_EQ(fixture.dropped("lost"), 1);
  redis.resume();
  fixture.awaitReady();
  fixture.cache().note(noteOf(2));
  fixture.awaitWritten(1);
}

TEST(Trouble, AFullRedisRefusesAndIsUsedAgainOnceItHasRoom) {
  test::RedisServer redis({"--maxmemory", "1", "--maxmemory-policy", "noeviction"});
  CacheFixture fixture(redis.url());
  fixture.cache().note(noteOf(1));
  until([&] { return fixture.dropped("refused") == 1; });
  until([&] { return fixture.health().reason.ends_with("its memory is full"); });
  EXPECT_EQ(fixture.written(), 0);
  EXPECT_GE(fixture.errors("refused"), 1);
  EXPECT_EQ(redis.command({"CONFIG", "SET", "maxmemory", "0"}), "+OK\r\n");
  fixture.awaitReady();
  fixture.cache().note(noteOf(2));
  fixture.awaitWritten(1);
  EXPECT_THAT(numbers(fixture.cache().newest({1, 50})), ElementsAre(2));
}

TEST(Trouble, AReplicaTakesNoNotes) {
  test::RedisServer redis({"--replicaof", "127.0.0.1", "1"});
  CacheFixture fixture(redis.url());
  until([&] { return fixture.health().reason.ends_with("it is a replica, which takes no writes"); });
  EXPECT_EQ(redis.command({"REPLICAOF", "NO", "ONE"}), "+OK\r\n");
  fixture.awaitReady();
}

TEST(Trouble, AForeignKeyInTheListsPlaceIsAnErrorAndNoAnswer) {
  test::RedisServer redis;
  redis.command({"SET", "penstock:sent", "not a list"});
  CacheFixture fixture(redis.url());
  fixture.awaitReady();
  EXPECT_THAT(numbers(fixture.cache().newest({1, 50})), ElementsAre(-1));
  fixture.cache().note(noteOf(1));
  until([&] { return fixture.dropped("refused") == 1; });
  redis.command({"DEL", "penstock:sent"});
  fixture.awaitReady();
  fixture.cache().note(noteOf(2));
  fixture.awaitWritten(1);
}

TEST(Trouble, AttemptsToConnectAreSpacedByTheBackoff) {
  test::ManualClock clock;
  test::RedisServer redis({}, false);
  CacheFixture fixture(redis.url(), {{"reconnect.first", "1s"}, {"reconnect.longest", "8s"}}, &clock);
  for (int attempts = 1; attempts <= 6; ++attempts) {
    clock.awaitWaiting(1);
    EXPECT_EQ(fixture.errors("unreachable"), attempts);
    for (std::uint32_t i = 0; i < 100; ++i) fixture.cache().note(noteOf(i));
    fixture.cache().newest({1, 50});
    clock.advance(milliseconds(99));  // a tenth of the least bound is always waited
    EXPECT_EQ(fixture.errors("unreachable"), attempts);
    clock.advance(seconds(8));
    until([&] { return fixture.errors("unreachable") > attempts; });
  }
}

}  // namespace
}  // namespace penstock::redis_cache
