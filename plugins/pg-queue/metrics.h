#pragma once

#include "shared/dispatch/dead_letter_counters.h"

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

inline constexpr CounterSpec kMoved{"penstock_outbox_moved_total",
                                    "Drafts that left the outbox, by what became of them."};
inline constexpr CounterSpec kHeld{"penstock_outbox_held_total",
                                   "Times a draft had to stay in the outbox to be tried again, by reason."};
inline constexpr GaugeSpec kOldest{
    "penstock_outbox_oldest_age_seconds",
    "Age of the oldest draft that this process found in the outbox and that is not moved."};

struct QueueMetrics {
  explicit QueueMetrics(Metrics& metrics)
      : partitions(metrics.gauge(kPartitions, {{"engine", kEngine}})),
        rotation_blocked(metrics.gauge(kRotationBlocked, {{"engine", kEngine}})) {}

  Gauge& partitions;
  Gauge& rotation_blocked;
};

struct OutboxMetrics {
  explicit OutboxMetrics(Metrics& metrics)
      : accepted(metrics.counter(kMoved, {{"outcome", "accepted"}})),
        duplicate(metrics.counter(kMoved, {{"outcome", "duplicate"}})),
        conflict(metrics.counter(kMoved, {{"outcome", "conflict"}})),
        refused(metrics.counter(kMoved, {{"outcome", "refused"}})),
        full(metrics.counter(kHeld, {{"reason", "full"}})),
        postponed(metrics.counter(kHeld, {{"reason", "failed"}})),
        dead_letters(metrics, kEngine),
        oldest(metrics.gauge(kOldest)) {}

  Counter& accepted;
  Counter& duplicate;
  Counter& conflict;
  Counter& refused;
  Counter& full;
  Counter& postponed;
  DeadLetterCounters dead_letters;
  Gauge& oldest;
};

}  // namespace penstock::pg_queue
