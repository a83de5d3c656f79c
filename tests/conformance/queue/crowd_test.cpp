#include "conformance/queue/engine_under_test.h"
#include "conformance/queue/loan_book.h"

#include <atomic>
#include <cstdlib>
#include <random>
#include <shared_mutex>
#include <thread>

namespace penstock::test {
namespace {

constexpr std::size_t kProducers = 3;
constexpr std::size_t kConsumers = 4;
constexpr std::size_t kConversationsEach = 8;
constexpr std::size_t kEventsEach = 250;

/// PENSTOCK_SEED repeats the choices of a run.
std::uint32_t seed() {
  const char* given = std::getenv("PENSTOCK_SEED");
  return given == nullptr ? std::random_device{}() : static_cast<std::uint32_t>(std::stoul(given));
}

class QueueCrowd : public EngineUnderTest {
protected:
  void produce(std::uint32_t seed, const std::vector<Event>& share) {
    std::mt19937 random(seed);
    for (const Event& event : share) {
      book_.published(event);
      EXPECT_EQ(publish(event).verdict, PublishVerdict::Accepted);
      if (random() % 10 == 0) {
        EXPECT_EQ(publish(event).verdict, PublishVerdict::Duplicate);
      }
    }
  }

  std::variant<Done, RetryAfter, Dead, Release> anyOutcome(std::mt19937& random) {
    const Duration delay = std::chrono::milliseconds(random() % 3 == 0 ? 0 : random() % 20'000);
    switch (random() % 10) {
      case 0:
      case 1:
        return RetryAfter{delay, "busy"};
      case 2:
      case 3:
        return Release{delay, "paused"};
      case 4:
        return Dead{"no route"};
      default:
        return Done{};
    }
  }

  /// One receive call and what becomes of it. Some are never heard of again, some come too late.
  void consumeOnce(std::mt19937& random, std::vector<Delivery>& late) {
    std::vector<Delivery> held = std::move(late);
    late.clear();
    {
      std::shared_lock still(time_);
      auto batch = receive(1 + random() % 8);
      book_.lent(batch, now(), kLease);
      for (Delivery& delivery : batch) held.push_back(std::move(delivery));
    }
    if (random() % 4 == 0) passTime(std::chrono::milliseconds(random() % 10'000));
    for (Delivery& delivery : held) {
      const auto fate = random() % 20;
      if (fate == 0) continue;
      if (fate < 3)
        late.push_back(std::move(delivery));
      else
        settleOne(delivery, anyOutcome(random));
    }
  }

  void settleOne(const Delivery& delivery, std::variant<Done, RetryAfter, Dead, Release> outcome) {
    std::shared_lock still(time_);
    const Settlement settlement{delivery.token, std::move(outcome)};
    const SettleVerdict expected = book_.settling(delivery, settlement, now());
    const SettleVerdict answer = queue().settle({&settlement, 1}).front();
    if (answer != expected) book_.misjudged(delivery, answer);
  }

  void passTime(Duration step) {
    std::unique_lock moving(time_);
    advance(step);
    passed_ += step;
  }

  SteadyTime now() const { return SteadyTime{} + passed_; }

  bool over() {
    const QueueStats stats = queue().stats();
    return produced_ && stats.ready + stats.leased + stats.scheduled == 0;
  }

  void consume(std::uint32_t seed) {
    std::mt19937 random(seed);
    std::vector<Delivery> late;
    for (int rounds = 0; !over(); ++rounds) {
      ASSERT_LT(rounds, 100'000) << "the queue never becomes empty";
      consumeOnce(random, late);
    }
  }

  LoanBook book_;
  std::shared_mutex time_;  ///< shared by those who need time to stand still
  Duration passed_{};
  std::atomic<bool> produced_{false};
};

TEST_F(QueueCrowd, NothingIsLostDoubledOrOutOfOrder) {
  const std::uint32_t seed = test::seed();
  SCOPED_TRACE("PENSTOCK_SEED=" + std::to_string(seed));
  std::vector<std::vector<Event>> shares(kProducers);
  for (std::size_t producer = 0; producer < kProducers; ++producer)
    for (std::size_t i = 0; i < kEventsEach; ++i)
      shares[producer].push_back(
          event("sms:" + std::to_string(producer) + "/" + std::to_string(i % kConversationsEach)));

  std::vector<std::jthread> consumers;
  for (std::uint32_t i = 0; i < kConsumers; ++i) consumers.emplace_back([this, i, seed] { consume(seed + i); });
  {
    std::vector<std::jthread> producers;
    for (std::uint32_t i = 0; i < kProducers; ++i)
      producers.emplace_back([this, i, seed, &shares] { produce(seed + 100 + i, shares[i]); });
  }
  produced_ = true;
  consumers.clear();

  std::vector<Uuid> dead;
  for (std::uint64_t number = 1;; ++number) {
    const auto page = deadLetters().list({}, {number, 50});
    for (const Uuid& id : ids(page.items)) dead.push_back(id);
    if (page.items.empty()) break;
  }
  EXPECT_THAT(book_.brokenPromises(dead), ::testing::IsEmpty());
}

}  // namespace
}  // namespace penstock::test
