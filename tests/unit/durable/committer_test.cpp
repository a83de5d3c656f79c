#include "shared/durable/committer.h"

#include "fake_journal.h"
#include "support/captured_log.h"
#include "support/manual_clock.h"
#include "support/recorded_metrics.h"
#include "support/stub_health_board.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace penstock::test {

using namespace std::chrono_literals;

TEST(Committer, RoomThatIsMadeDuringACommitIsNotForgotten) {
  ManualClock clock;
  RecordedMetrics metrics;
  CapturedLog log{"queue"};
  StubHealthBoard board;
  FakeJournal journal;
  std::promise<void> entered;
  std::promise<void> left;
  int calls = 0;
  journal.on_publish = [&](std::span<durable::Publication> batch) {
    batch.front().result.verdict = ++calls == 1 ? PublishVerdict::Full : PublishVerdict::Accepted;
    if (calls > 1) return;
    entered.set_value();
    left.get_future().wait();
  };
  durable::Options options{.engine = "test", .wait_when_full = true, .full_wait = 1h};
  std::promise<PublishResult> answer;
  auto answered = answer.get_future();
  durable::Committer committer(options, durable::Instruments(metrics, options.engine), journal, log.log(), clock, board,
                               [] {});
  committer.publish(Event{}, [&](PublishResult result) { answer.set_value(result); });
  entered.get_future().wait();
  committer.roomMade();  // by a settlement that the journal's answer does not know of yet
  left.set_value();
  ASSERT_EQ(answered.wait_for(10s), std::future_status::ready) << "it waits for room that is there";
  EXPECT_EQ(answered.get().verdict, PublishVerdict::Accepted);
}

TEST(Committer, AJournalThatHangsIsSeenByItsHeartbeat) {
  ManualClock clock;
  RecordedMetrics metrics;
  CapturedLog log{"queue"};
  StubHealthBoard board;
  FakeJournal journal;
  std::promise<void> entered;
  std::promise<void> left;
  journal.on_publish = [&](std::span<durable::Publication> batch) {
    batch.front().result.verdict = PublishVerdict::Accepted;
    entered.set_value();
    left.get_future().wait();
  };
  durable::Options options{.engine = "test"};
  std::promise<void> answered;
  durable::Committer committer(options, durable::Instruments(metrics, options.engine), journal, log.log(), clock, board,
                               [] {});
  committer.publish(Event{}, [&](const PublishResult&) { answered.set_value(); });
  entered.get_future().wait();
  const std::uint64_t hanging = board.ticks("test committer");
  EXPECT_GT(hanging, 0U);
  clock.advance(1h);
  EXPECT_EQ(board.ticks("test committer"), hanging);
  left.set_value();
  answered.get_future().wait();
  while (board.ticks("test committer") == hanging) std::this_thread::yield();
}

}  // namespace penstock::test
