#include "cache_fixture.h"
#include "fake_redis.h"

namespace penstock::redis_cache {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

class Answers : public testing::TestWithParam<const char*> {};

TEST_P(Answers, ThatAreNoneEndTheConnectionAndAreCounted) {
  FakeRedis fake([](FakeRedis::Peer& peer) {
    while (!peer.hear().empty())
      if (!peer.say(GetParam())) return;
  });
  CacheFixture fixture(fake.url());
  fixture.cache().note(noteOf(1));
  until([&] { return fixture.errors("garbage") >= 2; });
  EXPECT_EQ(fixture.health().state, HealthState::Degraded);
  EXPECT_THAT(fixture.said(), testing::Not(HasSubstr("evil")));
  EXPECT_EQ(fixture.written(), 0);
}

INSTANTIATE_TEST_SUITE_P(Each, Answers,
                         testing::Values("HTTP/1.1 400 evil\r\n\r\n", ":1\r\n", "$4\r\nevil\r\n", "*1\r\n+evil\r\n",
                                         "$2147483647\r\n", "*99999999\r\n", "\x15\x03\x01", "+evil\n",
                                         "*1\r\n*1\r\n*1\r\n"));

/// Greets and takes writes as Redis does, and answers everything else with `answer`.
FakeRedis answering(std::string list, std::string values) {
  return FakeRedis([list = std::move(list), values = std::move(values)](FakeRedis::Peer& peer) {
    for (std::string text = peer.hear(); !text.empty(); text = peer.hear()) {
      std::string answer;
      if (text.find("ZREVRANGEBYSCORE") != std::string::npos)
        answer = list;
      else if (text.find("MGET") != std::string::npos)
        answer = values;
      else
        for (std::size_t i = count(text, "PING") + count(text, "\r\nSET\r\n"); i > 0; --i) answer += "+OK\r\n";
      if (!peer.say(answer)) return;
    }
  });
}

struct Lie {
  const char* list;
  const char* values;
};

class Lies : public testing::TestWithParam<Lie> {};

TEST_P(Lies, AboutAPageAreNoAnswer) {
  FakeRedis fake = answering(GetParam().list, GetParam().values);
  CacheFixture fixture(fake.url());
  fixture.awaitReady();
  EXPECT_THAT(numbers(fixture.cache().newest({1, 2})), ElementsAre(-1));
  until([&] { return fixture.errors("garbage") == 1; });
  fixture.awaitReady();
}

constexpr const char* kOne = "*1\r\n$36\r\n0195513c-2a60-7c3e-9f4b-0d5a1c2b3e4f\r\n";
INSTANTIATE_TEST_SUITE_P(
    Each, Lies,
    testing::Values(Lie{"+OK\r\n", ""}, Lie{"*1\r\n:5\r\n", ""}, Lie{"*1\r\n$-1\r\n", ""}, Lie{"*-1\r\n", ""},
                    Lie{"*3\r\n$36\r\n0195513c-2a60-7c3e-9f4b-0d5a1c2b3e4f\r\n$36\r\n0195513c-2a60-7c3e-9f4b-"
                        "0d5a1c2b3e4f\r\n$36\r\n0195513c-2a60-7c3e-9f4b-0d5a1c2b3e4f\r\n",
                        ""},
                    Lie{kOne, "*0\r\n"}, Lie{kOne, "*2\r\n$-1\r\n$-1\r\n"}, Lie{kOne, "*1\r\n:1\r\n"},
                    Lie{kOne, "+OK\r\n"}));

TEST(Garbage, AnAnswerWithoutEndIsCutOff) {
  FakeRedis fake([](FakeRedis::Peer& peer) {
    peer.hear();
    peer.say("+");
    const std::string much(65536, 'x');
    while (peer.say(much)) continue;
  });
  CacheFixture fixture(fake.url());
  until([&] { return fixture.errors("garbage") >= 1; });
}

TEST(Garbage, AnAnswerByteByByteDoesNotOutlastTheTimeout) {
  FakeRedis fake([](FakeRedis::Peer& peer) {
    peer.hear();
    while (!peer.pending(5) && peer.say("+")) continue;
  });
  CacheFixture fixture(fake.url(), {{"timeout", "300ms"}});
  until([&] { return fixture.errors("timed_out") >= 1; });
}

TEST(Garbage, AConnectionThatEndsIsTriedAgainWithoutABusyLoop) {
  test::ManualClock clock;
  FakeRedis fake([](FakeRedis::Peer& peer) { peer.hear(); });
  CacheFixture fixture(fake.url(), {{"reconnect.first", "1s"}, {"reconnect.longest", "8s"}}, &clock);
  for (int attempts = 1; attempts <= 3; ++attempts) {
    clock.awaitWaiting(1);
    EXPECT_EQ(fixture.errors("broken"), attempts);
    EXPECT_EQ(fake.connections(), attempts);
    clock.advance(seconds(8));
    until([&] { return fixture.errors("broken") > attempts; });
  }
}

}  // namespace
}  // namespace penstock::redis_cache
