#include "shared/durable/durable_queue.h"
#include "support/captured_log.h"
#include "support/manual_clock.h"
#include "support/recorded_metrics.h"
#include "support/stub_health_board.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

namespace penstock::test {
namespace {

using namespace std::chrono_literals;

/// A journal without events, and with the dead letters that the test says.
class LettersJournal final : public durable::Journal {
public:
  std::function<DeadLetterPage()> on_list = [] { return DeadLetterPage{}; };
  std::function<std::uint64_t(const DeadLetterFilter&, Duration, Duration)> on_replay;
  std::vector<Uuid> letters;

  void publish(std::span<durable::Publication>) override { throw std::logic_error("nothing is published"); }
  durable::Intake read(std::size_t, std::uint64_t, durable::Window&) override { return {}; }
  SteadyTime due() override { return SteadyTime::max(); }
  void handOver(std::span<durable::Item* const>, Duration) override {}
  void settle(std::span<durable::Ending>) override {}
  std::vector<durable::Fate> expire(std::span<durable::Item* const>) override { return {}; }
  void tidy(durable::Window&) override {}
  QueueStats stats(const durable::Window&) override { return {}; }
  std::uint64_t replay(const DeadLetterFilter& filter, Duration first, Duration step) override {
    return on_replay(filter, first, step);
  }
  std::uint64_t discard(std::span<const Uuid> ids) override { return ids.size(); }
  DeadLetterPage list(const DeadLetterFilter&, Page) override { return on_list(); }
  std::optional<DeadLetter> get(const Uuid&) override { return std::nullopt; }
  std::vector<DeadLetterGroup> causes(const DeadLetterFilter&, std::size_t) override { return {}; }
  std::vector<Uuid> choose(const DeadLetterFilter&, std::uint64_t cap) override {
    return {letters.begin(),
            letters.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(cap, letters.size()))};
  }
};

class DurableReads : public testing::Test {
protected:
  void SetUp() override {
    auto made = std::make_unique<LettersJournal>();
    journal = made.get();
    queue = std::make_unique<durable::DurableQueue>(options, metrics, std::move(made), log.log(), clock, board);
  }
  void fill(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      Uuid id;
      id.bytes[0] = static_cast<std::uint8_t>(i >> 8);
      id.bytes[1] = static_cast<std::uint8_t>(i);
      journal->letters.push_back(id);
    }
  }

  /// A list of dead letters that is under way when this comes back, and is answered once it is let go.
  std::future<std::uint64_t> holdUpAList(std::uint64_t total = 0) {
    journal->on_list = [this, total] {
      entered_.set_value();
      left_.get_future().wait();
      return DeadLetterPage{.items = {}, .total = total};
    };
    auto listed = std::async(std::launch::async, [this] { return queue->list({}, {1, 50}).total; });
    entered_.get_future().wait();
    return listed;
  }
  void letGo() { left_.set_value(); }
  std::future<std::size_t> ask() {
    return std::async(std::launch::async, [this] { return queue->causes({}, 10).size(); });
  }

private:
  std::promise<void> entered_;
  std::promise<void> left_;

protected:
  ManualClock clock;
  RecordedMetrics metrics;
  CapturedLog log{"queue"};
  StubHealthBoard board;
  durable::Options options{.engine = "test"};
  LettersJournal* journal = nullptr;
  std::unique_ptr<durable::DurableQueue> queue;
};

TEST_F(DurableReads, ASlowListKeepsNobodyFromTheDispatcher) {
  auto listed = holdUpAList(7);
  auto counted = std::async(std::launch::async, [&] { return queue->stats().dead; });
  const auto verdict = counted.wait_for(10s);
  letGo();
  EXPECT_EQ(verdict, std::future_status::ready) << "the dispatcher waits for who reads dead letters";
  EXPECT_EQ(counted.get(), 0U);
  EXPECT_EQ(listed.get(), 7U);
}

TEST_F(DurableReads, TheDispatchersHeartbeatGoesOn) {
  const std::uint64_t before = board.ticks("test dispatcher");
  while (board.ticks("test dispatcher") <= before + 1) {
    queue->stats();
    std::this_thread::yield();
  }
}

TEST_F(DurableReads, WhoAsksWhileAnotherIsAnsweredIsSentAway) {
  auto listed = holdUpAList();
  auto asked = ask();
  while (asked.wait_for(0s) != std::future_status::ready) {
    clock.advance(200ms);
    std::this_thread::yield();
  }
  EXPECT_THROW(asked.get(), QueueUnavailable);
  letGo();
  listed.get();
  EXPECT_NO_THROW(queue->causes({}, 10));
}

TEST_F(DurableReads, WhoAsksMeanwhileIsAnsweredOnceTheOtherIs) {
  auto listed = holdUpAList();
  auto asked = ask();
  letGo();
  ASSERT_EQ(asked.wait_for(10s), std::future_status::ready) << "nobody told it that the other has been answered";
  EXPECT_EQ(asked.get(), 0U);
}

TEST_F(DurableReads, ACloseSendsAwayWhoWaitsToAsk) {
  auto listed = holdUpAList();
  auto asked = ask();
  auto closed = std::async(std::launch::async, [&] { queue->close(); });
  ASSERT_EQ(asked.wait_for(10s), std::future_status::ready) << "it waits beyond the end";
  EXPECT_THROW(asked.get(), QueueUnavailable);
  EXPECT_EQ(closed.wait_for(0s), std::future_status::timeout) << "who is answered still reads";
  letGo();
  listed.get();
  closed.get();
}

TEST_F(DurableReads, AReplayComesInStepsThatKeepTheSpread) {
  fill(600);
  std::vector<std::size_t> steps;
  std::vector<Duration> firsts;
  journal->on_replay = [&](const DeadLetterFilter& filter, Duration first, Duration step) {
    EXPECT_EQ(step, 1s);
    EXPECT_EQ(filter.ids.front(), journal->letters.at(firsts.empty() ? 0 : static_cast<std::size_t>(first / 1s)));
    steps.push_back(filter.ids.size());
    firsts.push_back(first);
    return filter.ids.size();
  };
  EXPECT_EQ(queue->replay({}, 1000, 600s), 600U);
  EXPECT_EQ(steps, (std::vector<std::size_t>{256, 256, 88}));
  EXPECT_EQ(firsts, (std::vector<Duration>{0s, 256s, 512s}));
}

TEST_F(DurableReads, WhatCameBackBeforeTheEngineWentIsTold) {
  fill(600);
  int steps = 0;
  journal->on_replay = [&](const DeadLetterFilter& filter, Duration, Duration) -> std::uint64_t {
    if (++steps == 2) throw QueueUnavailable("away");
    return filter.ids.size();
  };
  EXPECT_EQ(queue->replay({}, 1000, 0s), 256U);
  steps = 1;
  EXPECT_THROW(queue->replay({}, 1000, 0s), QueueUnavailable);
}

TEST_F(DurableReads, AReplayGoesOnPastThoseThatOthersReplayedMeanwhile) {
  fill(600);
  int steps = 0;
  journal->on_replay = [&](const DeadLetterFilter&, Duration, Duration) -> std::uint64_t {
    return ++steps == 2 ? 0 : 9;
  };
  EXPECT_EQ(queue->replay({}, 1000, 0s), 18U);
  EXPECT_EQ(steps, 3);
}

TEST_F(DurableReads, NothingIsReadOnceItIsClosed) {
  queue->close();
  EXPECT_THROW(queue->list({}, {1, 50}), QueueUnavailable);
}

}  // namespace
}  // namespace penstock::test
