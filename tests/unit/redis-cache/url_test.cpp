#include "redis-cache/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::redis_cache {
namespace {

std::string refusal(const std::string& text) {
  try {
    Url::parse(text);
  } catch (const std::invalid_argument& fault) {
    return fault.what();
  }
  return {};
}

TEST(Url, HasDefaults) {
  const Url url = Url::parse("redis://there");
  EXPECT_EQ(url.host, "there");
  EXPECT_EQ(url.port, 6379);
  EXPECT_EQ(url.database, 0U);
  EXPECT_FALSE(url.tls);
  EXPECT_TRUE(url.user.empty());
  EXPECT_TRUE(url.password.empty());
  EXPECT_EQ(url.place(), "there:6379");
}

TEST(Url, ReadsEveryPart) {
  const Url url = Url::parse("rediss://me:p%40ss%2F%20w%3Ard@redis.example:6380/7");
  EXPECT_TRUE(url.tls);
  EXPECT_EQ(url.user, "me");
  EXPECT_EQ(url.password.reveal(), "p@ss/ w:rd");
  EXPECT_EQ(url.port, 6380);
  EXPECT_EQ(url.database, 7U);
  EXPECT_EQ(url.place(), "redis.example:6380");
}

TEST(Url, APasswordNeedsNoUser) {
  const Url url = Url::parse("redis://:hush@there/");
  EXPECT_TRUE(url.user.empty());
  EXPECT_EQ(url.password.reveal(), "hush");
}

TEST(Url, AnAddressOfVersionSixIsInBrackets) {
  const Url url = Url::parse("redis://[::1]:6380");
  EXPECT_EQ(url.host, "::1");
  EXPECT_EQ(url.place(), "[::1]:6380");
}

TEST(Url, ReadsASocket) {
  const Url url = Url::parse("unix://:hush@/run/redis/redis%20one.sock?db=2");
  EXPECT_EQ(url.socket, "/run/redis/redis one.sock");
  EXPECT_EQ(url.password.reveal(), "hush");
  EXPECT_EQ(url.database, 2U);
  EXPECT_EQ(url.place(), "/run/redis/redis one.sock");
}

class BadUrl : public testing::TestWithParam<const char*> {};

TEST_P(BadUrl, IsRefusedWithoutSayingWhatItHolds) {
  const std::string sentence = refusal(GetParam());
  EXPECT_NE(sentence, "") << GetParam();
  EXPECT_THAT(sentence, testing::Not(testing::HasSubstr("hush")));
}

INSTANTIATE_TEST_SUITE_P(
    Each, BadUrl,
    testing::Values(
        "", "hush", "there:6379", "http://:hush@there", "redis:there", "redis://", "redis://:hush@",
        "redis://:hush@there:0", "redis://:hush@there:65536", "redis://:hush@there:x", "redis://hush@there",
        "redis://:hush@there/x", "redis://:hush@there/-1", "redis://:hush@there/65536", "redis://:hush@there/1/2",
        "redis://:hush@there/?db=1", "redis://:hush@there/1#hush", "redis://:hu sh@there", "redis://:hush%@there",
        "unix://:hush@", "unix://there/hush.sock", "unix:///", "unix:///hush.sock?db=x", "unix:///hush.sock?hush=1",
        "unix:///hush%00.sock",
        "unix:///hush4567890123456789012345678901234567890123456789012345678901234567890123456789012345678901"
        "2345678901234567.sock"));

}  // namespace
}  // namespace penstock::redis_cache
