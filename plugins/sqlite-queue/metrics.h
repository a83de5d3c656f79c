#pragma once

#include "shared/dispatch/dead_letter_counters.h"

#include "penstock/metrics.h"

namespace penstock::sqlite_queue {

inline constexpr CounterSpec kCrashSuspects{"penstock_queue_crash_suspects_total",
                                            "Events given up because their lease ran out three times while alone."};
inline constexpr CounterSpec kKeysEvicted{"penstock_queue_keys_evicted_total",
                                          "Keys of finished events forgotten before their window had passed."};
inline constexpr CounterSpec kDeadLettersEvicted{"penstock_queue_dead_letters_evicted_total",
                                                 "Dead letters removed before their retention because room ran out."};
inline constexpr CounterSpec kErrors{"penstock_queue_database_errors_total",
                                     "Calls to the queue's database that failed, by what the failure means."};
inline constexpr GaugeSpec kLogBytes{"penstock_queue_log_bytes",
                                     "Size of the write-ahead log of the queue's database file."};

struct JournalMetrics {
  explicit JournalMetrics(Metrics& metrics)
      : crash_suspects(metrics.counter(kCrashSuspects, {{"engine", "sqlite_queue"}})),
        dead_letters(metrics, "sqlite_queue"),
        keys_evicted(metrics.counter(kKeysEvicted, {{"engine", "sqlite_queue"}})),
        dead_letters_evicted(metrics.counter(kDeadLettersEvicted, {{"engine", "sqlite_queue"}})),
        unavailable(metrics.counter(kErrors, {{"engine", "sqlite_queue"}, {"class", "unavailable"}})),
        rejected(metrics.counter(kErrors, {{"engine", "sqlite_queue"}, {"class", "rejected"}})),
        corrupt(metrics.counter(kErrors, {{"engine", "sqlite_queue"}, {"class", "corrupt"}})),
        log_bytes(metrics.gauge(kLogBytes, {{"engine", "sqlite_queue"}})) {}

  Counter& crash_suspects;
  DeadLetterCounters dead_letters;
  Counter& keys_evicted;
  Counter& dead_letters_evicted;
  Counter& unavailable;
  Counter& rejected;
  Counter& corrupt;
  Gauge& log_bytes;
};

}  // namespace penstock::sqlite_queue
