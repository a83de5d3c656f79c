#pragma once

#include "worker/loop.h"

#include "penstock/health.h"

#include <thread>
#include <vector>

namespace penstock {

/// The worker: its loops, each on a thread of its own.
class Worker {
public:
  Worker(Queue& queue, Store& store, Policy& policy, Clock& clock, Log log, Metrics& metrics,
         const WorkerSettings& settings)
      : shared_(queue, store, policy, clock, log, metrics, settings) {}
  ~Worker() { stop(SteadyTime::min()); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start(HealthBoard& board);

  /// Receives no more, finishes the events in hand until the deadline or the configured drain time, whichever is
  /// sooner, gives back the rest, and joins the threads. [blocks: until then, and for a transaction in progress]
  void stop(SteadyTime deadline) noexcept;

  /// Degraded while the store or the queue is away.
  Health health() const;

private:
  WorkerShared shared_;
  std::vector<std::jthread> threads_;
};

}  // namespace penstock
