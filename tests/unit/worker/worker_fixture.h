#pragma once

#include "fake_queue.h"
#include "fake_store.h"
#include "fake_transport.h"

#include "support/captured_log.h"
#include "support/fake_control.h"
#include "support/fake_providers.h"
#include "support/manual_clock.h"
#include "support/recorded_metrics.h"
#include "support/stub_health_board.h"
#include "support/stub_policy.h"

#include "worker/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace penstock::test {

using namespace std::chrono_literals;

/// A door that threads wait at until the test opens it.
class Door {
public:
  void open() {
    std::lock_guard guard(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_; });
  }
  /// Whether it was opened within a time that is ample for a thread that is not held back.
  bool opensSoon() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 100ms, [this] { return open_; });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

/// An event that ends with being kept.
inline Event makeEvent(unsigned number, WallTime accepted_at = {}) {
  Event event;
  event.kind = Kind::InboundMessage;
  event.id.bytes = {static_cast<std::uint8_t>(number >> 16), static_cast<std::uint8_t>(number >> 8),
                    static_cast<std::uint8_t>(number)};
  event.key.bytes[15] = 7;
  event.accepted_at = accepted_at;
  event.request_id = "request-" + std::to_string(number);
  event.content.body = "text of the message";
  event.content.from = "+15550001111";
  return event;
}

inline std::vector<Event> makeEvents(unsigned first, unsigned count) {
  std::vector<Event> events;
  for (unsigned i = 0; i < count; ++i) events.push_back(makeEvent(first + i));
  return events;
}

/// Messages that are to be sent once they are kept.
inline Event makeOutbound(unsigned number) {
  Event event = makeEvent(number);
  event.kind = Kind::OutboundMessage;
  return event;
}

inline std::vector<Event> makeOutbounds(unsigned first, unsigned count) {
  std::vector<Event> events;
  for (unsigned i = 0; i < count; ++i) events.push_back(makeOutbound(first + i));
  return events;
}

/// A worker between a queue and a store that the test steers.
class WorkerTest : public testing::Test {
protected:
  void SetUp() override {
    settings.concurrency = 1;
    settings.receive = 500;
    settings.lease = 30s;
    settings.wait = 1s;
    settings.drain = 20s;
    settings.first_pause = 100ms;
    settings.longest_pause = 2s;
    settings.sending.in_flight = 5000;
    settings.sending.timeout = 10s;
    settings.sending.margin = 5s;
    settings.sending.breaker_failures = 20;
    settings.sending.breaker_rest = 30s;
    policy.on_route = [](const Event&) { return Routing{Routing::Verdict::Routed, "plain"}; };
  }
  void TearDown() override { stop(); }

  void start() {
    worker.emplace(queue, store, control, policy, providers, transport, clock, log.log(), metrics, settings, cache,
                   ready);
    start(*worker);
  }
  /// Comes back once it sends.
  void start(Worker& which) {
    which.start(board);
    while (settings.autostart && !which.sender().pacer().running()) std::this_thread::yield();
  }
  void stop() {
    if (worker) worker->stop(clock.now() + 10s);
  }
  /// Comes back once the only loop pauses; the sender's three stages and the scheduler wait for the clock whenever they
  /// have nothing to do.
  void awaitPause() { clock.awaitWaiting(5); }
  double count(const std::string& name) { return metrics.value("penstock_worker_" + name); }

  ManualClock clock;
  RecordedMetrics metrics;
  StubPolicy policy;
  StubHealthBoard board;
  CapturedLog log{"worker"};
  FakeQueue queue;
  FakeStore store;
  FakeControl control;
  FakeProviders providers;
  FakeTransport transport;
  WorkerSettings settings;
  Cache* cache = nullptr;
  std::function<void()> ready = [] {};
  std::optional<Worker> worker;
};

}  // namespace penstock::test
