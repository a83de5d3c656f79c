#pragma once

#include "penstock/metrics.h"
#include "shared/postgres/fault.h"

namespace penstock::pg_queue {

inline constexpr CounterSpec kErrors{"penstock_queue_database_errors_total",
                                     "Calls to the queue's database that failed, by what the failure means."};
inline constexpr CounterSpec kDeadLettersEvicted{"penstock_queue_dead_letters_evicted_total",
                                                 "Dead letters removed before their retention because room ran out."};
inline constexpr GaugeSpec kInUse{"penstock_queue_connections_in_use", "Connections of the queue that work now."};
inline constexpr GaugeSpec kUp{"penstock_queue_database_up",
                               "1 while the database can be reached and has the right schema."};
inline constexpr GaugeSpec kPartitions{"penstock_queue_partitions",
                                       "Partitions of 64 whose events this process hands out."};
inline constexpr GaugeSpec kRotationBlocked{"penstock_queue_rotation_blocked",
                                            "1 while somebody's lock keeps a settled table from being emptied."};

struct QueueMetrics {
  explicit QueueMetrics(Metrics& metrics);

  Counter& errors(postgres::FaultClass kind) const { return *failures[static_cast<std::size_t>(kind)]; }

  Counter* failures[4];
  Gauge& in_use;
  Gauge& up;
  Gauge& partitions;
  Gauge& rotation_blocked;
};

}  // namespace penstock::pg_queue
