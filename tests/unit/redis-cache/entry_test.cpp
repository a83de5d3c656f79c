#include "cache_fixture.h"

#include "penstock/plugin.h"

#include <cstdlib>
#include <fstream>

namespace penstock::redis_cache {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kRefused = "it refuses the user or the password";

TEST(Entry, APasswordIsGivenAndNeverSaid) {
  test::RedisServer redis({"--requirepass", "hush hush/1"});
  CacheFixture fixture(redis.url(":hush%20hush%2F1@"));
  fixture.cache().note(noteOf(1));
  fixture.awaitWritten(1);
  fixture.awaitReady();
  redis.stop();
  fixture.awaitDegraded();
  EXPECT_THAT(fixture.said(), Not(HasSubstr("hush")));
}

TEST(Entry, AUserOfItsOwnNeedsFewRights) {
  test::RedisServer redis({"--user", "me", "on", ">hush", "~penstock:*", "+ping", "+select", "+set", "+mget", "+zadd",
                           "+zrevrangebyscore", "+zremrangebyscore", "+zremrangebyrank", "+pexpire"});
  CacheFixture fixture(redis.url("me:hush@") + "?db=1");
  fixture.awaitReady();
  fixture.cache().note(noteOf(1));
  EXPECT_THAT(numbers(fixture.cache().newest({1, 50})), testing::ElementsAre(1));
  EXPECT_EQ(fixture.errors("refused"), 0);
}

TEST(Entry, AWrongPasswordIsDegradedUntilItIsRight) {
  test::RedisServer redis({"--requirepass", "right"});
  CacheFixture fixture(redis.url(":hush@"));
  until([&] { return fixture.health().reason.ends_with(kRefused); });
  EXPECT_EQ(fixture.health().state, HealthState::Degraded);
  EXPECT_GE(fixture.errors("refused"), 1);
  EXPECT_THAT(numbers(fixture.cache().newest({1, 50})), testing::ElementsAre(-1));
  EXPECT_THAT(fixture.said(), Not(HasSubstr("hush")));
  EXPECT_EQ(fixture.plugin.log.count("cache.unavailable"), 1U) << "once for one trouble, however often it is tried";
  redis.command({"CONFIG", "SET", "requirepass", "hush"}, "right");
  fixture.awaitReady();
}

TEST(Entry, AMissingPasswordIsSaid) {
  test::RedisServer redis({"--requirepass", "right"});
  CacheFixture fixture(redis.url());
  until([&] { return fixture.health().reason.ends_with("it wants a password"); });
}

TEST(Entry, APasswordThatNobodyWantsIsNotQuotedFromTheServersError) {
  test::RedisServer redis({"--rename-command", "AUTH", ""});
  CacheFixture fixture(redis.url(":hush@"));
  until([&] { return fixture.health().reason.ends_with("it answers with an error ERR"); });
  EXPECT_THAT(redis.command({"AUTH", "hush"}), HasSubstr("hush")) << "the server quotes it";
  EXPECT_THAT(fixture.said(), Not(HasSubstr("hush")));
}

TEST(Entry, ARightThatIsMissingIsSaid) {
  test::RedisServer redis({"--user", "me", "on", ">hush", "~other:*", "+@all"});
  CacheFixture fixture(redis.url("me:hush@"));
  until([&] { return fixture.health().reason.ends_with("its user may not do what the cache does"); });
}

TEST(Entry, ADatabaseThatIsNotThereIsAnError) {
  test::RedisServer redis;
  CacheFixture fixture(redis.url() + "?db=999");
  until([&] { return fixture.health().reason.ends_with("it answers with an error ERR"); });
}

TEST(Entry, AUrlThatCannotBeReadRefusesTheStartWithoutSayingIt) {
  try {
    CacheFixture fixture("redis://hush");
    CacheFixture other("redis://:hush@there:port");
    FAIL();
  } catch (const StartFailure& refusal) {
    EXPECT_TRUE(refusal.configuration);
    EXPECT_THAT(refusal.what(), HasSubstr("redis-cache.url cannot be read: "));
    EXPECT_THAT(refusal.what(), Not(HasSubstr("hush")));
  }
}

TEST(Entry, AuthoritiesThatCannotBeReadRefuseTheStart) {
  try {
    CacheFixture fixture("rediss://there", {{"ca_file", "/nowhere/ca.pem"}});
    FAIL();
  } catch (const StartFailure& refusal) {
    EXPECT_TRUE(refusal.configuration);
    EXPECT_THAT(refusal.what(), HasSubstr("redis-cache.ca_file cannot be used: "));
  }
}

/// A Redis on a port of the loopback interface whose certificate is for localhost.
class Tls : public testing::Test {
protected:
  void SetUp() override {
    const std::string folder = files.path().string();
    const std::string make =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "
        "/CN=localhost -addext subjectAltName=DNS:localhost -keyout " +
        folder + "/key.pem -out " + folder + "/certificate.pem 2>" + folder + "/openssl.log";
    ASSERT_EQ(std::system(make.c_str()), 0);
    for (int tries = 0; !redis; ++tries) {
      port = std::to_string(test::freePort());
      try {
        redis = std::make_unique<test::RedisServer>(std::vector<std::string>{
            "--tls-port", port, "--bind", "127.0.0.1", "--tls-cert-file", folder + "/certificate.pem", "--tls-key-file",
            folder + "/key.pem", "--tls-ca-cert-file", folder + "/certificate.pem", "--tls-auth-clients", "no"});
      } catch (const std::runtime_error&) {
        if (tries == 5) throw;  // the port was taken in the meantime
      }
    }
  }
  std::string authority() const { return (files.path() / "certificate.pem").string(); }

  test::TemporaryFolder files;
  std::unique_ptr<test::RedisServer> redis;
  std::string port;
};

TEST_F(Tls, IsSpokenWithAServerThatIsTrusted) {
  CacheFixture fixture("rediss://localhost:" + port, {{"ca_file", authority()}});
  fixture.awaitReady();
  fixture.cache().note(noteOf(1));
  EXPECT_THAT(numbers(fixture.cache().newest({1, 50})), testing::ElementsAre(1));
  redis->stop();
  fixture.awaitDegraded();
  redis->start();
  fixture.awaitReady();
}

TEST_F(Tls, AServerThatNobodyVouchesForIsNotUsed) {
  CacheFixture fixture("rediss://localhost:" + port);
  until([&] { return fixture.errors("unreachable") >= 2; });
  EXPECT_THAT(fixture.health().reason, HasSubstr("ertificate"));
}

TEST_F(Tls, ACertificateForAnotherNameIsNotUsed) {
  CacheFixture fixture("rediss://127.0.0.1:" + port, {{"ca_file", authority()}});
  until([&] { return fixture.errors("unreachable") >= 2; });
  EXPECT_THAT(fixture.health().reason, HasSubstr("ertificate"));
}

TEST_F(Tls, IsNotSpokenWhereItIsNotAskedFor) {
  CacheFixture fixture("redis://127.0.0.1:" + port, {{"timeout", "500ms"}});
  until([&] { return fixture.errors("broken") + fixture.errors("garbage") + fixture.errors("timed_out") >= 1; });
  EXPECT_FALSE(fixture.ready());
}

}  // namespace
}  // namespace penstock::redis_cache
