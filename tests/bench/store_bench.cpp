// A store through its own .so: batches of 500 on one connection into an empty and a filled database, and what readers
// ask. Built once for each store; the file of the store says how it is configured.
// PENSTOCK_BENCH_MESSAGES says how many messages "filled" is (default a million). TMPDIR decides the disk: on a tmpfs a
// sync costs nothing.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "bench/store_bench.h"
#include "conformance/store/sample.h"
#include "penstock/reader.h"
#include "penstock/store.h"
#include "support/plugin_fixture.h"
#include "support/running_clock.h"

namespace {

using namespace penstock;

constexpr std::size_t kBatch = 500;
constexpr std::uint32_t kMessagesOfConversation = 10;

std::uint64_t filledMessages() {
  const char* wanted = std::getenv("PENSTOCK_BENCH_MESSAGES");
  return wanted == nullptr ? 1'000'000 : std::strtoull(wanted, nullptr, 10);
}

/// A business number that talks with many others, in no order.
class Traffic {
public:
  explicit Traffic(std::uint64_t messages) : others_(messages / kMessagesOfConversation + 1) {}

  std::vector<Event> batch() {
    std::vector<Event> events;
    for (std::size_t i = 0; i < kBatch; ++i) {
      const std::string other = "+1666" + std::to_string(1'000'000 + random_() % others_);
      Event event =
          test::outbound("Your parcel is on its way and will be there between ten and noon today.", "+15550001", other);
      event.content.timestamp = test::kSampleTime + std::chrono::milliseconds(++made_);
      event.content.metadata = R"({"campaign":"spring","order":4711})";
      events.push_back(std::move(event));
    }
    return events;
  }

private:
  std::uint64_t others_;
  std::uint64_t made_ = 0;
  std::mt19937_64 random_{7};
};

struct Bench {
  explicit Bench(std::uint64_t messages) : traffic(messages) {
    plugin.start();
    for (std::uint64_t done = 0; done + kBatch <= messages; done += kBatch) store().persist(traffic.batch());
  }
  Store& store() { return plugin.get<Store>(); }
  Reader& reader() { return plugin.get<Reader>(); }

  test::RunningClock clock;
  test::PluginFixture plugin{PENSTOCK_STORE_PLUGIN, &clock, bench::freshStore(), PENSTOCK_MIGRATIONS};
  Traffic traffic;
};

Bench& filled() {
  static Bench bench(filledMessages());
  return bench;
}

void persist(benchmark::State& state, Bench& bench) {
  for (auto _ : state) {
    state.PauseTiming();
    const std::vector<Event> events = bench.traffic.batch();
    state.ResumeTiming();
    benchmark::DoNotOptimize(bench.store().persist(events));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
}

void persistEmpty(benchmark::State& state) {
  Bench bench(0);
  bench.traffic = Traffic(100'000);
  persist(state, bench);
}

void persistFilled(benchmark::State& state) { persist(state, filled()); }

void persistAgain(benchmark::State& state) {
  const std::vector<Event> events = filled().traffic.batch();
  filled().store().persist(events);
  for (auto _ : state) benchmark::DoNotOptimize(filled().store().persist(events));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
}

void beginAndRecord(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<Event> events = filled().traffic.batch();
    events.resize(50);
    filled().store().persist(events);
    std::vector<Intent> intents;
    std::vector<Attempt> attempts;
    for (const Event& event : events) {
      intents.push_back(test::intent(event, 1));
      attempts.push_back(test::attempt(event, 1, AttemptOutcome::Sent));
    }
    state.ResumeTiming();
    filled().store().begin(intents);
    filled().store().record(attempts);
  }
  state.SetItemsProcessed(state.iterations() * 50);
}

void conversations(benchmark::State& state) {
  const Page page{static_cast<std::uint64_t>(state.range(0)), 50};
  for (auto _ : state) benchmark::DoNotOptimize(filled().reader().conversations({}, page));
}

void conversationsOfParticipant(benchmark::State& state) {
  ConversationQuery query;
  query.participant = "+15550001";
  const Page page{static_cast<std::uint64_t>(state.range(0)), 50};
  for (auto _ : state) benchmark::DoNotOptimize(filled().reader().conversations(query, page));
}

void messages(benchmark::State& state) {
  std::int64_t conversation = 0;
  for (auto _ : state) benchmark::DoNotOptimize(filled().reader().messages(1 + conversation++ % 10'000, Page{1, 50}));
}

void messageById(benchmark::State& state) {
  const auto listing = filled().reader().messages(1, Page{1, 50});
  for (auto _ : state) benchmark::DoNotOptimize(filled().reader().message(listing->items.front().id));
}

void sent(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(filled().reader().sent(Page{1, 50}));
}

BENCHMARK(persistEmpty)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(persistFilled)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(persistAgain)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(beginAndRecord)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(conversations)->Arg(1)->Arg(900)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(conversationsOfParticipant)->Arg(1)->Arg(900)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(messages)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(messageById)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(sent)->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
