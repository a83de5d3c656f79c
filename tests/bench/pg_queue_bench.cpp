// pg-queue through its own .so, in a process of its own, as the parts of the report ask for it. Prints one line of
// JSON.
//   pg_queue_bench publish URL EVENTS         many publishers, until all are accepted
//   pg_queue_bench drain URL                  receives and settles with nothing in between, until nothing comes any
//   more pg_queue_bench backlog URL EVENTS ROUNDS  so often receives and settles so many, and publishes as many again,
//   untimed
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <future>
#include <random>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "bench/sample_events.h"
#include "penstock/queue.h"
#include "support/plugin_fixture.h"
#include "support/running_clock.h"

namespace {

using namespace penstock;
using namespace std::chrono_literals;

constexpr int kPublishers = 2;
constexpr int kWorkers = 4;  // as many threads as a worker has by default, with the batches that it takes
constexpr std::size_t kBatch = 500;
constexpr std::ptrdiff_t kOnTheirWay = 8000;  // publications that wait for their answer
constexpr auto kLease = 30s;
constexpr auto kWait = 500ms;     // of one receive; two processes take a second or two to share out the partitions
constexpr auto kPatience = 120s;  // without an event although some are there

double sinceEpoch() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

struct Engine {
  explicit Engine(const std::string& url) : plugin(PENSTOCK_PG_QUEUE, &clock, {{"pg.url", url}}, PENSTOCK_MIGRATIONS) {
    plugin.start();
    for (int tries = 0; plugin.instance().health().state != HealthState::Ready; ++tries) {
      if (tries == 1000) throw std::runtime_error(plugin.instance().health().reason);
      std::this_thread::sleep_for(10ms);
    }
  }
  Queue& queue() { return plugin.get<Queue>(); }

  test::RunningClock clock;
  test::PluginFixture plugin;
};

void onThreads(int count, const std::function<void()>& work) {
  std::vector<std::future<void>> threads;
  for (int i = 0; i < count; ++i) threads.push_back(std::async(std::launch::async, work));
  for (auto& thread : threads) thread.get();
}

/// Publishes from several threads and returns when all are accepted.
void publish(Engine& engine, std::uint64_t events) {
  static std::atomic<std::uint64_t> stretch{std::random_device()() % 1'000'000};
  std::atomic<std::int64_t> left{static_cast<std::int64_t>(events)};
  std::atomic<std::uint64_t> refused{0};
  onThreads(kPublishers, [&] {
    bench::Copies copies(++stretch << 40);
    std::counting_semaphore<kOnTheirWay> room(kOnTheirWay / kPublishers);
    while (left.fetch_sub(1) > 0) {
      Event event = copies.next();
      event.id = Uuid::make(engine.clock.wall());
      room.acquire();
      engine.queue().publish(std::move(event), [&](PublishResult result) {
        if (result.verdict != PublishVerdict::Accepted) ++refused;
        room.release();
      });
    }
    for (std::ptrdiff_t i = 0; i < kOnTheirWay / kPublishers; ++i) room.acquire();
  });
  if (refused > 0) throw std::runtime_error(std::to_string(refused) + " events were refused");
}

void settleAll(Engine& engine, const std::vector<Delivery>& deliveries) {
  std::vector<Settlement> settlements;
  for (const Delivery& delivery : deliveries) settlements.push_back({delivery.token, Done{}});
  for (const SettleVerdict verdict : engine.queue().settle(settlements))
    if (verdict != SettleVerdict::Settled) throw std::runtime_error("a lease was lost");
}

/// The next events, or none when the queue is empty.
std::vector<Delivery> next(Engine& engine, std::size_t most) {
  const SteadyTime deadline = engine.clock.now() + kPatience;
  for (;;) {
    auto deliveries = engine.queue().receive(most, kLease, kWait, {});
    if (!deliveries.empty()) return deliveries;
    const QueueStats stats = engine.queue().stats();
    if (stats.ready + stats.leased + stats.scheduled == 0) return deliveries;
    if (engine.clock.now() > deadline) throw std::runtime_error("events are there and do not come");
  }
}

void drain(Engine& engine) {
  const double first = sinceEpoch();
  std::atomic<std::uint64_t> events{0};
  std::atomic<double> last{first};
  onThreads(kWorkers, [&] {
    for (;;) {
      const auto deliveries = next(engine, kBatch);
      if (deliveries.empty()) return;
      settleAll(engine, deliveries);
      events += deliveries.size();
      last = sinceEpoch();
    }
  });
  std::printf("{\"events\":%llu,\"first\":%.6f,\"last\":%.6f}\n", static_cast<unsigned long long>(events.load()), first,
              last.load());
}

/// Receives and settles exactly so many, and returns how long that took.
double take(Engine& engine, std::uint64_t events) {
  std::atomic<std::int64_t> left{static_cast<std::int64_t>(events)};
  const SteadyTime start = engine.clock.now();
  onThreads(kWorkers, [&] {
    for (;;) {
      const std::int64_t before = left.fetch_sub(static_cast<std::int64_t>(kBatch));
      if (before <= 0) return;
      for (auto wanted = std::min(kBatch, static_cast<std::size_t>(before)); wanted > 0;) {
        const auto deliveries = next(engine, wanted);
        if (deliveries.empty()) throw std::runtime_error("the backlog is too small");
        settleAll(engine, deliveries);
        wanted -= deliveries.size();
      }
    }
  });
  return std::chrono::duration<double>(engine.clock.now() - start).count();
}

void backlog(Engine& engine, std::uint64_t events, int rounds) {
  take(engine, events);  // joins the consumers and fills what is read ahead
  std::printf("{\"rates\":[");
  for (int round = 0; round < rounds; ++round) {
    publish(engine, events);
    std::printf("%s%.1f", round == 0 ? "" : ",", static_cast<double>(events) / take(engine, events));
  }
  std::printf("]}\n");
}

int run(const std::vector<std::string>& words) {
  Engine engine(words.at(1));
  if (words.front() == "publish") {
    const std::uint64_t events = std::stoull(words.at(2));
    const SteadyTime start = engine.clock.now();
    publish(engine, events);
    const double seconds = std::chrono::duration<double>(engine.clock.now() - start).count();
    std::printf("{\"events\":%llu,\"seconds\":%.6f}\n", static_cast<unsigned long long>(events), seconds);
  } else if (words.front() == "drain") {
    drain(engine);
  } else if (words.front() == "backlog") {
    backlog(engine, std::stoull(words.at(2)), std::stoi(words.at(3)));
  } else {
    throw std::runtime_error("unknown task " + words.front());
  }
  return EXIT_SUCCESS;
}

}  // namespace

int main(int count, char** words) {
  if (count < 3) {
    std::fprintf(stderr, "usage: pg_queue_bench publish URL EVENTS | drain URL | backlog URL EVENTS ROUNDS\n");
    return 64;
  }
  try {
    return run({words + 1, words + count});
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "pg_queue_bench: %s\n", failure.what());
    return EXIT_FAILURE;
  }
}
