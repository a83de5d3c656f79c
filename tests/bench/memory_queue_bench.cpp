// The memory-queue's engine: publishing on one and two threads, receiving and settling in batches, and both with a
// backlog of 100,000 events in one conversation or in as many conversations, which must not change the costs.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/sample_events.h"
#include "memory-queue/memory_queue.h"
#include "support/captured_log.h"
#include "support/recorded_metrics.h"
#include "support/running_clock.h"
#include "support/stub_health_board.h"

namespace {

using namespace penstock;
using bench::Copies;
using bench::sampleEvent;
using namespace std::chrono_literals;

constexpr std::uint64_t kBacklog = 100'000;

/// An engine with room for everything a run publishes.
struct Engine {
  test::RecordedMetrics metrics;
  test::CapturedLog log{"memory-queue"};
  test::RunningClock clock;
  test::StubHealthBoard board;
  memory_queue::MemoryQueue queue{{.max_events = 100'000'000,
                                   .max_bytes = 1ULL << 40,
                                   .wait_when_full = false,
                                   .full_wait = 1s,
                                   .max_waiting = 1,
                                   .key_window = 72h,
                                   .max_keys = 100'000,
                                   .dead_letter_retention = 72h,
                                   .max_dead_letters = 1000,
                                   .max_dead_bytes = 1 << 20},
                                  memory_queue::Instruments(metrics),
                                  log.log(),
                                  clock,
                                  board};

  explicit Engine(std::uint64_t backlog = 0, std::uint64_t conversations = 1) {
    for (std::uint64_t number = 0; number < backlog; ++number) publish(number, conversations);
  }
  void publish(std::uint64_t number, std::uint64_t conversations) {
    queue.publish(sampleEvent(number, conversations), [](PublishResult) {});
  }
};

// What making copies costs is measured as `copying`.
void copying(benchmark::State& state) {
  Copies copies(1);
  for (auto _ : state) benchmark::DoNotOptimize(copies.next());
}

void serializing(benchmark::State& state) {
  const Event event = sampleEvent(1, 1);
  for (auto _ : state) benchmark::DoNotOptimize(serialize(event));
}

void parsing(benchmark::State& state) {
  const std::string text = serialize(sampleEvent(1, 1));
  for (auto _ : state) benchmark::DoNotOptimize(parseEvent(text));
}

std::unique_ptr<Engine> shared_engine;

/// Copying and serialisation included.
void publish(benchmark::State& state) {
  Copies copies(static_cast<std::uint64_t>(state.thread_index()) << 40);
  if (state.thread_index() == 0) shared_engine = std::make_unique<Engine>();
  for (auto _ : state) shared_engine->queue.publish(copies.next(), [](PublishResult) {});
  state.SetItemsProcessed(state.iterations());
  if (state.thread_index() == 0) shared_engine.reset();
}

/// Takes a batch, finishes it, and publishes as many again, untimed, so that the backlog stays. Parsing included.
void receiveAndSettle(benchmark::State& state) {
  const auto conversations = static_cast<std::uint64_t>(state.range(0));
  const auto batch = static_cast<std::size_t>(state.range(1));
  Engine engine(kBacklog, conversations);
  std::uint64_t published = kBacklog;
  std::vector<Settlement> settlements;
  for (auto _ : state) {
    settlements.clear();
    for (const Delivery& delivery : engine.queue.receive(batch, 30s, 0s, {}))
      settlements.push_back({delivery.token, Done{}});
    benchmark::DoNotOptimize(engine.queue.settle(settlements));
    state.PauseTiming();
    for (std::size_t i = 0; i < settlements.size(); ++i) engine.publish(published++, conversations);
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(1));
}

/// Receiving and giving back with a delay: leases and times are all that changes.
void receiveAndPark(benchmark::State& state) {
  const auto conversations = static_cast<std::uint64_t>(state.range(0));
  Engine engine(kBacklog, conversations);
  std::vector<Settlement> settlements;
  for (auto _ : state) {
    settlements.clear();
    for (const Delivery& delivery : engine.queue.receive(100, 30s, 0s, {}))
      settlements.push_back({delivery.token, Release{1us, "pacing"}});
    engine.queue.settle(settlements);
  }
  state.SetItemsProcessed(state.iterations() * 100);
}

BENCHMARK(copying);
BENCHMARK(serializing);
BENCHMARK(parsing);
BENCHMARK(publish)->Threads(1)->Threads(2)->Iterations(100'000)->UseRealTime();
BENCHMARK(receiveAndSettle)
    ->ArgNames({"conversations", "batch"})
    ->ArgsProduct({{1, 1000, kBacklog}, {1, 100}})
    ->UseRealTime();
BENCHMARK(receiveAndPark)->ArgName("conversations")->Arg(1)->Arg(kBacklog)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
