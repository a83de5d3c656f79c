#include "cache_fixture.h"

namespace penstock::redis_cache {
namespace {

using testing::ElementsAre;

TEST(Stop, WritesWhatWaits) {
  test::RedisServer redis;
  CacheFixture fixture(redis.url(), {{"batch", "10"}});
  fixture.awaitReady();
  redis.pause();
  for (std::uint32_t i = 0; i < 200; ++i) fixture.cache().note(noteOf(i));
  redis.resume();
  fixture.plugin.stop(seconds(60));
  EXPECT_EQ(fixture.written(), 200);
  EXPECT_EQ(redis.number({"ZCARD", "penstock:sent"}), 200);
}

TEST(Stop, DropsWhatCannotBeWrittenAndCountsIt) {
  test::RedisServer redis({}, false);
  CacheFixture fixture(redis.url());
  for (std::uint32_t i = 0; i < 5; ++i) fixture.cache().note(noteOf(i));
  fixture.plugin.stop(seconds(60));
  EXPECT_EQ(fixture.dropped("stopped"), 5);
}

TEST(Stop, ARedisThatStandsStillDoesNotOutlastTheDeadline) {
  test::RedisServer redis;
  CacheFixture fixture(redis.url(), {{"timeout", "500ms"}});
  fixture.awaitReady();
  redis.pause();
  for (std::uint32_t i = 0; i < 1000; ++i) fixture.cache().note(noteOf(i));
  const auto begin = std::chrono::steady_clock::now();
  fixture.plugin.stop(milliseconds(1));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(10));
  EXPECT_EQ(fixture.dropped("stopped") + fixture.dropped("lost"), 1000);
}

TEST(Stop, NothingIsTakenOrKnownAfterwards) {
  test::RedisServer redis;
  CacheFixture fixture(redis.url());
  fixture.awaitReady();
  fixture.plugin.stop(seconds(60));
  fixture.cache().note(noteOf(1));
  EXPECT_EQ(fixture.dropped("stopped"), 1);
  EXPECT_THAT(numbers(fixture.cache().newest({1, 50})), ElementsAre(-1));
}

TEST(Stop, CallersOfEveryKindAreServedOrDismissed) {
  test::RedisServer redis;
  CacheFixture fixture(redis.url());
  fixture.awaitReady();
  {
    std::vector<std::jthread> callers;
    for (std::uint32_t caller = 0; caller < 8; ++caller)
      callers.emplace_back([&fixture, caller](const std::stop_token& stop) {
        for (std::uint32_t i = 0; !stop.stop_requested(); ++i) {
          fixture.cache().note(noteOf(caller * 1000 + i % 1000));
          if (i % 16 == 0) fixture.cache().newest({1, 50});
        }
      });
    fixture.awaitWritten(1000);
    redis.stop();
    fixture.awaitDegraded();
    redis.start();
    fixture.awaitReady();
    fixture.plugin.stop(seconds(60));
  }
  EXPECT_EQ(fixture.metric("notes_waiting"), 0);
}

}  // namespace
}  // namespace penstock::redis_cache
