#include "worker_fixture.h"

#include "worker/leased_tokens.h"
#include "worker/shared_limits.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace penstock::test {

constexpr SteadyTime kBegin{std::chrono::hours(1)};

TEST(LeasedTokens, TheNextBlockIsAskedForBeforeTheLastIsUsedUp) {
  LeasedTokens tokens;
  EXPECT_EQ(LeasedTokens::block(80), 20.0);
  EXPECT_EQ(tokens.take(80, kBegin), 50ms);
  EXPECT_TRUE(tokens.asks());
  EXPECT_FALSE(tokens.asks()) << "one question at a time";
  tokens.grant(20, 80, kBegin);
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(tokens.take(80, kBegin));
  EXPECT_FALSE(tokens.asks());
  EXPECT_FALSE(tokens.take(80, kBegin));
  EXPECT_TRUE(tokens.asks());
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(tokens.take(80, kBegin));
  EXPECT_EQ(tokens.take(80, kBegin), 50ms);
}

TEST(LeasedTokens, WhoFindsNoneComesBackWhenThereMayBeOne) {
  LeasedTokens tokens;
  EXPECT_EQ(tokens.take(1, kBegin), 50ms);
  EXPECT_EQ(tokens.take(1, kBegin), 1050ms) << "one token is asked for, and the next one comes later";
  EXPECT_TRUE(tokens.asks());
  tokens.changed(1);
  tokens.grant(0.25, 1, kBegin);
  EXPECT_EQ(tokens.take(1, kBegin), 750ms);
  EXPECT_EQ(tokens.take(1, kBegin), 1750ms);
  EXPECT_FALSE(tokens.asks()) << "before there can be one";
  EXPECT_EQ(tokens.take(1, kBegin + 750ms), 50ms);
  EXPECT_TRUE(tokens.asks());
  tokens.grant(0.75, 1, kBegin + 750ms);
  EXPECT_FALSE(tokens.take(1, kBegin + 750ms)) << "parts of a token are kept";
}

TEST(LeasedTokens, ALowerRateLeavesNoMoreThanItsBlock) {
  LeasedTokens tokens;
  tokens.take(80, kBegin);
  EXPECT_TRUE(tokens.asks());
  tokens.grant(20, 80, kBegin);
  tokens.changed(8);
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(tokens.take(8, kBegin));
  EXPECT_TRUE(tokens.take(8, kBegin));
}

TEST(LeasedTokens, FewAreNotSentAwayForMuchLongerThanAMinute) {
  LeasedTokens tokens;
  for (int i = 0; i < 100; ++i) EXPECT_LE(tokens.take(0.001, kBegin).value(), 1min + 1s);
  EXPECT_TRUE(tokens.asks());
  tokens.grant(0, 0.001, kBegin);
  for (int i = 0; i < 100; ++i) EXPECT_LE(tokens.take(0.001, kBegin).value(), 1min + 1s);
  tokens.take(0.001, kBegin + 1min);
  EXPECT_TRUE(tokens.asks());
}

TEST(LeasedTokens, NonsenseOfTheStoreIsNoToken) {
  LeasedTokens tokens;
  tokens.take(1, kBegin);
  tokens.grant(std::numeric_limits<double>::quiet_NaN(), 1, kBegin);
  EXPECT_TRUE(tokens.take(1, kBegin));
  tokens.grant(-5, 1, kBegin);
  tokens.grant(1e300, 1, kBegin);
  EXPECT_FALSE(tokens.take(1, kBegin));
  EXPECT_TRUE(tokens.take(1, kBegin));
}

/// Limits of processes on one store, whose buckets fill by a clock that the test moves.
class SharedLimitsTest : public testing::Test {
protected:
  /// Buckets of `rate` tokens a second.
  void fill(double rate) {
    control.on_take = [this, rate](std::string_view name, double tokens) {
      names.emplace(name);
      const SteadyTime now = clock.now();
      const double most = std::max(rate, tokens);
      Bucket& bucket = buckets.try_emplace(std::string(name), Bucket{most, now}).first->second;
      const double seconds = std::chrono::duration<double>(now - bucket.filled_at).count();
      bucket.level = std::min(bucket.level + seconds * rate, most);
      bucket.filled_at = now;
      const double taken = std::min(bucket.level, tokens);
      bucket.level -= taken;
      return taken;
    };
  }
  /// Answers at once what has been asked for.
  void answer(Limits& limits) {
    for (const Limits::Ask& ask : limits.demand())
      limits.grant(ask, control.take(bucketOf(ask), ask.tokens, ask.rate), clock.now());
  }
  Outgoing from(std::string sender) {
    Outgoing made;
    made.provider.name = "p";
    made.destination = "d";
    made.event.content.from = std::move(sender);
    return made;
  }
  /// Comes back once `fact` is true; a fact that does not come ends with the test's time limit.
  template <typename Fact>
  static void until(Fact fact) {
    while (!fact()) std::this_thread::yield();
  }

  struct Bucket {
    double level;
    SteadyTime filled_at;
  };
  ManualClock clock;
  StubPolicy policy;
  StubHealthBoard board;
  CapturedLog log{"worker"};
  FakeControl control;
  std::map<std::string, Bucket> buckets;  // of on_take, which comes to one thread at a time
  std::set<std::string> names;
};

TEST_F(SharedLimitsTest, TwoProcessesKeepOneRateTogether) {
  fill(2);
  const LimitSettings settings{{}, {}, {2, 0}, true};
  Limits one(settings);
  Limits other(settings);
  int left = 0;
  for (int i = 0; i < 3000; ++i) {
    for (Limits* limits : {&one, &other}) {
      if (!limits->enter(from("a"), clock.now())) {
        ++left;
        limits->leave(from("a"), clock.now(), clock.now());
      }
      answer(*limits);
    }
    clock.advance(10ms);
  }
  EXPECT_LE(left, 62) << "two at once, and two a second for half a minute";
  EXPECT_GE(left, 57) << "what the two have begun, and what lies in the bucket";
}

TEST_F(SharedLimitsTest, OneProcessAloneHasTheWholeRate) {
  fill(80);
  Limits limits({{80, 0}, {}, {}, true});
  int left = 0;
  for (int i = 0; i < 1000; ++i) {
    while (!limits.enter(from("a"), clock.now())) ++left;
    answer(limits);
    clock.advance(10ms);
  }
  EXPECT_LE(left, 880);
  EXPECT_GE(left, 760);
  EXPECT_LT(control.takes(), 100U) << "in blocks";
}

TEST_F(SharedLimitsTest, BucketsTellNobodyWhoseTheyAre) {
  fill(1);
  Limits limits({{1, 0}, {1, 0}, {1, 0}, true});
  Limits other({{1, 0}, {1, 0}, {1, 0}, true});
  Outgoing long_one = from("+15550001111");
  long_one.destination = std::string(5000, 'd');
  for (Limits* each : {&limits, &other})
    for (int i = 0; i < 3; ++i) {
      each->enter(long_one, clock.now());
      answer(*each);
      clock.advance(1s);
    }
  EXPECT_EQ(names.size(), 3U) << "the same in every process";
  for (const std::string& name : names) {
    EXPECT_LE(name.size(), 128U);
    EXPECT_EQ(name.find("5550001111"), std::string::npos);
  }
}

TEST_F(SharedLimitsTest, WhoIsTurnedAwayElsewhereHasUsedNoToken) {
  fill(1);
  Limits limits({{1, 0}, {}, {0, 1}, true});
  limits.enter(from("a"), clock.now());
  answer(limits);
  EXPECT_FALSE(limits.enter(from("a"), clock.now()));
  clock.advance(1s);
  limits.enter(from("a"), clock.now());
  answer(limits);
  EXPECT_EQ(limits.enter(from("a"), clock.now())->cause, "sender_limit");
  EXPECT_FALSE(limits.enter(from("b"), clock.now()));
}

TEST_F(SharedLimitsTest, ALimitThatIsLiftedAsksForNothing) {
  fill(1);
  Limits limits({{}, {}, {1, 0}, true});
  EXPECT_TRUE(limits.enter(from("a"), clock.now()));
  limits.change({{}, {}, {}, true}, clock.now());
  EXPECT_TRUE(limits.demand().empty());
  EXPECT_FALSE(limits.enter(from("a"), clock.now()));
  limits.change({{}, {}, {1, 0}, true}, clock.now());
  EXPECT_TRUE(limits.enter(from("a"), clock.now()));
  EXPECT_EQ(limits.demand().size(), 1U) << "and asks again when there is one";
}

TEST_F(SharedLimitsTest, IdleNamesAreForgotten) {
  fill(1);
  Limits limits({{}, {}, {1, 0}, true});
  for (int i = 0; i < 20'000; ++i) {
    const std::string sender = std::to_string(i);
    limits.enter(from(sender), clock.now());
    answer(limits);
    EXPECT_FALSE(limits.enter(from(sender), clock.now()));
    limits.leave(from(sender), clock.now(), clock.now());
    clock.advance(100ms);
  }
  EXPECT_LT(limits.names(), 5000U);
}

TEST_F(SharedLimitsTest, AThreadLeasesWhatMessagesAskFor) {
  Limits limits({{}, {}, {1, 0}, true});
  SharedLimits shared(control, limits, clock, log.log(), policy);
  shared.start(board);
  shared.start(board);
  clock.awaitWaiting(1);
  EXPECT_EQ(control.takes(), 0U) << "nothing without messages";
  EXPECT_TRUE(limits.enter(from("a"), clock.now()));
  until([&] { return !limits.enter(from("a"), clock.now()); });
  EXPECT_EQ(control.takes(), 1U);
  EXPECT_GT(board.ticks("worker-limits"), 0U);
}

TEST_F(SharedLimitsTest, WhileTheStoreIsAwayWhatIsLeasedIsUsedUpAndThenMessagesWait) {
  std::atomic<bool> away{false};
  std::atomic<int> asked{0};
  control.on_call = [&] {
    ++asked;
    if (away) throw StoreUnavailable("connection lost");
  };
  Limits limits({{}, {}, {8, 0}, true});
  SharedLimits shared(control, limits, clock, log.log(), policy);
  shared.start(board);
  until([&] { return !limits.enter(from("a"), clock.now()); });
  away = true;
  EXPECT_FALSE(limits.enter(from("a"), clock.now())) << "a block is two";
  for (int round = 2; round <= 5; ++round) {
    EXPECT_EQ(limits.enter(from("a"), clock.now())->cause, "sender_limit");
    until([&] { return asked >= round; });
    clock.awaitWaiting(1);
    clock.advance(2s);
  }
  until([&] { return log.count("worker.limits_away") == 1; });
  away = false;
  until([&] {
    clock.advance(1s);
    return !limits.enter(from("a"), clock.now());
  });
  EXPECT_EQ(log.count("worker.limits_away"), 1U);
}

TEST_F(WorkerTest, AReloadSharesRatesAndLiftsThem) {
  policy.on_retry = [](const RetryQuestion&) { return std::optional<Duration>(3s); };
  std::atomic<double> there{0};
  control.on_take = [&](std::string_view, double tokens) { return std::min(there.load(), tokens); };
  providers.on_request = [](std::string_view, const Event&, std::uint32_t) {
    return requestTo("https://provider.example/send");
  };
  start();
  settings.sending.limits = {{}, {}, {1, 0}, true};
  worker->reload(settings);
  queue.give({makeOutbound(1)});
  EXPECT_EQ(std::get<Release>(queue.awaitSettled(1)[0].settlement.outcome), (Release{50ms, "sender_limit"}));
  while (control.takes() == 0) std::this_thread::yield();
  there = 1;
  settings.sending.limits = {};
  worker->reload(settings);
  queue.give({makeOutbound(2)});
  transport.awaitSends(2);
}

TEST_F(WorkerTest, AReloadChangesWhenProvidersAreLeftAlone) {
  policy.on_retry = [](const RetryQuestion&) { return std::optional<Duration>(3s); };
  providers.on_request = [](std::string_view, const Event&, std::uint32_t) {
    return requestTo("https://provider.example/send");
  };
  transport.on_send = [](const OutboundRequest&) { return std::optional<SendOutcome>(answered(500)); };
  start();
  settings.sending.breaker_failures = 1;
  settings.sending.breaker_rest = 5s;
  worker->reload(settings);
  queue.give({makeOutbound(1)});
  queue.awaitSettled(1);
  queue.give({makeOutbound(2)});
  EXPECT_EQ(std::get<Release>(queue.awaitSettled(2)[1].settlement.outcome), (Release{5s, "breaker"}));
}

}  // namespace penstock::test
