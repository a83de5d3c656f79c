#pragma once

#include "penstock/metrics.h"

namespace penstock {

inline constexpr CounterSpec kDequeued{"penstock_worker_dequeued_total", "Events received from the queue."};
inline constexpr CounterSpec kProcessed{"penstock_worker_processed_total", "Events finished and settled as done."};
inline constexpr CounterSpec kFailed{"penstock_worker_failed_total",
                                     "Attempts at an event that failed, whether retried or given up."};
inline constexpr CounterSpec kRetried{"penstock_worker_retried_total", "Events settled to be tried again later."};
inline constexpr CounterSpec kDead{"penstock_worker_dead_total", "Events given up to the dead letters."};
inline constexpr CounterSpec kReleased{"penstock_worker_released_total",
                                       "Events given back without counting the attempt."};
inline constexpr CounterSpec kLeaseLost{"penstock_worker_lease_lost_total",
                                        "Events whose lease had gone when they were settled."};
inline constexpr CounterSpec kKeyReused{"penstock_worker_key_reused_total",
                                        "Accepted events stored although their key was known with other content."};
inline constexpr CounterSpec kExceptions{"penstock_worker_exceptions_total",
                                         "Exceptions that ended a round of a worker thread."};
inline constexpr HistogramSpec kQueueWait{"penstock_worker_queue_wait_seconds",
                                          "Time events were ready in the queue before they were received.",
                                          Buckets::Wait};
inline constexpr HistogramSpec kPersist{"penstock_worker_persist_seconds", "Time the store took to persist one batch.",
                                        Buckets::Request};
inline constexpr HistogramSpec kEndToEnd{"penstock_worker_end_to_end_seconds",
                                         "Time from an event's acceptance until it was first persisted.",
                                         Buckets::Wait};

struct WorkerMetrics {
  explicit WorkerMetrics(Metrics& metrics)
      : dequeued(metrics.counter(kDequeued)),
        processed(metrics.counter(kProcessed)),
        failed(metrics.counter(kFailed)),
        retried(metrics.counter(kRetried)),
        dead(metrics.counter(kDead)),
        released(metrics.counter(kReleased)),
        lease_lost(metrics.counter(kLeaseLost)),
        key_reused(metrics.counter(kKeyReused)),
        exceptions(metrics.counter(kExceptions)),
        queue_wait(metrics.histogram(kQueueWait)),
        persist(metrics.histogram(kPersist)),
        end_to_end(metrics.histogram(kEndToEnd)) {}

  Counter& dequeued;
  Counter& processed;
  Counter& failed;
  Counter& retried;
  Counter& dead;
  Counter& released;
  Counter& lease_lost;
  Counter& key_reused;
  Counter& exceptions;
  Histogram& queue_wait;
  Histogram& persist;
  Histogram& end_to_end;
};

}  // namespace penstock
