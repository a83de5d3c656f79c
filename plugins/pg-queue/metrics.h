#pragma once

#include "penstock/metrics.h"

namespace penstock::pg_queue {

inline constexpr std::string_view kEngine = "pg_queue";
inline constexpr CounterSpec kDeadLettersEvicted{"penstock_queue_dead_letters_evicted_total",
                                                 "Dead letters removed before their retention because room ran out."};
inline constexpr GaugeSpec kPartitions{"penstock_queue_partitions",
                                       "Partitions of 64 whose events this process hands out."};
inline constexpr GaugeSpec kRotationBlocked{
    "penstock_queue_rotation_blocked_seconds",
    "How long somebody's lock has kept a settled table from being emptied; 0 while nobody's does."};

struct QueueMetrics {
  explicit QueueMetrics(Metrics& metrics)
      : partitions(metrics.gauge(kPartitions, {{"engine", kEngine}})),
        rotation_blocked(metrics.gauge(kRotationBlocked, {{"engine", kEngine}})) {}

  Gauge& partitions;
  Gauge& rotation_blocked;
};

}  // namespace penstock::pg_queue
