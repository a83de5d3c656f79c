#include "answered.h"

#include "http-ingest/reader_pool.h"

#include "support/captured_log.h"
#include "support/manual_clock.h"
#include "support/recorded_metrics.h"

#include <gtest/gtest.h>

#include <array>
#include <latch>
#include <thread>
#include <vector>

namespace penstock::test {

using namespace std::chrono_literals;

class ReaderPoolTest : public testing::Test {
protected:
  static ReaderPool::Answer ok() { return HttpResponse{}; }

  ManualClock clock;
  RecordedMetrics metrics;
  CapturedLog log{"http-ingest"};
  IngestMetrics ingest_metrics{metrics};
};

TEST_F(ReaderPoolTest, RefusesWhenTheBacklogIsFullAndServesWhatItTook) {
  ReaderPool pool(1, 2, clock, log.log(), ingest_metrics);
  std::latch begun(1);
  std::latch may_end(1);
  Answered running;
  pool.ask(running.responder(), [&] {
    begun.count_down();
    may_end.wait();
    return ok();
  });
  begun.wait();
  Answered first;
  Answered second;
  Answered third;
  pool.ask(first.responder(), &ok);
  pool.ask(second.responder(), &ok);
  pool.ask(third.responder(), &ok);
  EXPECT_EQ(third.problem().status, 503U);
  EXPECT_EQ(third.problem().code, "store_busy");
  EXPECT_EQ(metrics.value("penstock_ingest_reads_refused_total"), 1);
  may_end.count_down();
  for (Answered* each : {&running, &first, &second}) EXPECT_EQ(each->status(), 200U);
}

TEST_F(ReaderPoolTest, AStopAnswersWhatWaitsUntilTheDeadlineAndRefusesTheRest) {
  ReaderPool pool(1, 8, clock, log.log(), ingest_metrics);
  std::latch begun(1);
  std::latch may_end(1);
  Answered running;
  Answered in_time;
  Answered late;
  pool.ask(running.responder(), [&] {
    begun.count_down();
    may_end.wait();
    return ok();
  });
  begun.wait();
  pool.ask(in_time.responder(), [&] {
    clock.advance(10s);
    return ok();
  });
  pool.ask(late.responder(), &ok);
  std::thread stopping([&] { pool.stop(clock.now() + 5s); });
  // Only once the stop has begun is a call refused as stopping.
  while (true) {
    Answered probe;
    pool.ask(probe.responder(), &ok);
    if (probe.answered() && probe.problem().code == "stopping") break;
    std::this_thread::yield();
  }
  may_end.count_down();
  stopping.join();
  EXPECT_EQ(running.status(), 200U);
  EXPECT_EQ(in_time.status(), 200U);
  EXPECT_EQ(late.problem().code, "stopping");
}

TEST_F(ReaderPoolTest, AnswersEveryCallOfManyThreadsOnce) {
  ReaderPool pool(4, 100'000, clock, log.log(), ingest_metrics);
  std::array<std::vector<Answered>, 4> answers;
  for (auto& mine : answers) mine.resize(500);
  {
    std::vector<std::jthread> askers;
    for (auto& mine : answers)
      askers.emplace_back([&] {
        for (Answered& answer : mine) pool.ask(answer.responder(), &ok);
      });
  }
  for (const auto& mine : answers)
    for (const Answered& answer : mine) EXPECT_EQ(answer.status(), 200U);
}

}  // namespace penstock::test
