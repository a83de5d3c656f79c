#include "shared/durable/committer.h"

#include "fake_journal.h"
#include "support/captured_log.h"
#include "support/manual_clock.h"
#include "support/recorded_metrics.h"
#include "support/stub_health_board.h"

#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <thread>

namespace penstock::test {

using namespace std::chrono_literals;

/// A committer whose journal is held up in its first batch, with the verdict that the test gives it, until it is let
/// go.
class CommitterTest : public testing::Test {
protected:
  void start(PublishVerdict first) {
    journal_.on_publish = [this, first, calls = 0](std::span<durable::Publication> batch) mutable {
      batch.front().result.verdict = ++calls == 1 ? first : PublishVerdict::Accepted;
      if (calls > 1) return;
      entered_.set_value();
      left_.get_future().wait();
    };
    committer.emplace(options_, durable::Instruments(metrics_, options_.engine), journal_, log_.log(), clock, board,
                      [] {});
  }
  std::future<PublishResult> publish() {
    auto answer = std::make_shared<std::promise<PublishResult>>();
    committer->publish(Event{}, [answer](PublishResult result) { answer->set_value(std::move(result)); });
    return answer->get_future();
  }
  void awaitHeldUp() { entered_.get_future().wait(); }
  void letGo() { left_.set_value(); }

  ManualClock clock;
  StubHealthBoard board;

private:
  RecordedMetrics metrics_;
  CapturedLog log_{"queue"};
  FakeJournal journal_;
  durable::Options options_{.engine = "test", .wait_when_full = true, .full_wait = 1h};
  std::promise<void> entered_;
  std::promise<void> left_;

protected:
  std::optional<durable::Committer> committer;
};

TEST_F(CommitterTest, RoomThatIsMadeDuringACommitIsNotForgotten) {
  start(PublishVerdict::Full);
  auto answered = publish();
  awaitHeldUp();
  committer->roomMade();  // by a settlement that the journal's answer does not know of yet
  letGo();
  ASSERT_EQ(answered.wait_for(10s), std::future_status::ready) << "it waits for room that is there";
  EXPECT_EQ(answered.get().verdict, PublishVerdict::Accepted);
}

TEST_F(CommitterTest, AJournalThatHangsIsSeenByItsHeartbeat) {
  start(PublishVerdict::Accepted);
  auto answered = publish();
  awaitHeldUp();
  const std::uint64_t hanging = board.ticks("test committer");
  EXPECT_GT(hanging, 0U);
  clock.advance(1h);
  EXPECT_EQ(board.ticks("test committer"), hanging);
  letGo();
  answered.wait();
  while (board.ticks("test committer") == hanging) std::this_thread::yield();
}

}  // namespace penstock::test
