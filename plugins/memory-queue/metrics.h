#pragma once

#include "shared/dispatch/dead_letter_counters.h"

#include "penstock/metrics.h"

namespace penstock::memory_queue {

inline constexpr CounterSpec kLeaseExpiries{"penstock_queue_lease_expiries_total",
                                            "Leases that ran out before they were settled."};
inline constexpr CounterSpec kCrashSuspects{"penstock_queue_crash_suspects_total",
                                            "Events given up because their lease ran out three times while alone."};
inline constexpr CounterSpec kKeysEvicted{"penstock_queue_keys_evicted_total",
                                          "Keys of finished events forgotten before their window had passed."};
inline constexpr CounterSpec kDeadLettersEvicted{"penstock_queue_dead_letters_evicted_total",
                                                 "Dead letters removed before their retention because room ran out."};
inline constexpr CounterSpec kUnreadable{"penstock_queue_unreadable_total",
                                         "Stored events that could not be read and became dead letters."};
inline constexpr CounterSpec kHandlerFailures{"penstock_queue_handler_failures_total",
                                              "Publish handlers that threw, against their contract."};

/// What the engine counts itself; the host derives the gauges from stats().
struct Instruments {
  explicit Instruments(Metrics& metrics)
      : lease_expiries(metrics.counter(kLeaseExpiries, {{"engine", "memory_queue"}})),
        crash_suspects(metrics.counter(kCrashSuspects, {{"engine", "memory_queue"}})),
        keys_evicted(metrics.counter(kKeysEvicted, {{"engine", "memory_queue"}})),
        dead_letters_evicted(metrics.counter(kDeadLettersEvicted, {{"engine", "memory_queue"}})),
        dead_letters(metrics, "memory_queue"),
        unreadable(metrics.counter(kUnreadable, {{"engine", "memory_queue"}})),
        handler_failures(metrics.counter(kHandlerFailures, {{"engine", "memory_queue"}})) {}

  Counter& lease_expiries;
  Counter& crash_suspects;
  Counter& keys_evicted;
  Counter& dead_letters_evicted;
  DeadLetterCounters dead_letters;
  Counter& unreadable;
  Counter& handler_failures;
};

}  // namespace penstock::memory_queue
