#pragma once

#include "worker/loop.h"
#include "worker/scheduler.h"

#include "penstock/control.h"
#include "penstock/health.h"

#include <functional>
#include <thread>
#include <utility>
#include <vector>

namespace penstock {

/// The worker: its loops, each on a thread of its own, and the way out to the providers.
class Worker {
public:
  /// `cache` may be nullptr. `ready` is asked before events are received, may block, and throws StoreUnavailable while
  /// none may be.
  Worker(
      Queue& queue, Store& store, Control& control, Policy& policy, Providers& providers, Transport& transport,
      Clock& clock, Log log, Metrics& metrics, const WorkerSettings& settings, Cache* cache = nullptr,
      std::function<void()> ready = [] {})
      : journal_(log, metrics, policy),
        sender_(queue, store, policy, providers, transport, clock, log, metrics, journal_, settings.sending, cache),
        scheduler_(control, sender_.pacer(), clock, log, metrics, policy, settings.sending.interval,
                   settings.sending.batch, settings.autostart),
        shared_(queue, store, sender_, journal_, policy, clock, log, settings) {
    shared_.ready = std::move(ready);
  }
  ~Worker() { stop(SteadyTime::min()); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start(HealthBoard& board);

  /// Receives no more, finishes the events in hand until the deadline or the configured drain time, whichever is
  /// sooner, gives back the rest, and joins the threads. [blocks: until then, and for a transaction in progress]
  void stop(SteadyTime deadline) noexcept;

  Sender& sender() { return sender_; }

  /// Degraded while the store, the queue or a provider is away.
  Health health() const;

private:
  Journal journal_;
  Sender sender_;
  Scheduler scheduler_;
  WorkerShared shared_;
  std::vector<std::jthread> threads_;
};

}  // namespace penstock
