#pragma once

#include "shared/dispatch/dead_letter_counters.h"

#include "penstock/metrics.h"
#include "penstock/time.h"

#include <cstdint>
#include <string>

namespace penstock::durable {

/// What an engine is configured for, apart from its journal.
struct Options {
  std::string engine;                ///< its name, for threads, health and metrics
  std::size_t commit_events = 1000;  ///< most events of one commit
  std::size_t max_pending = 20000;   ///< publishers that wait for a commit
  std::uint64_t max_pending_bytes = std::uint64_t{64} << 20;
  bool wait_when_full = false;
  Duration full_wait{};
  std::size_t max_waiting = 1000;  ///< publishers that wait for room
  std::size_t window_events = 8192;
  std::uint64_t window_bytes = std::uint64_t{32} << 20;
};

inline constexpr CounterSpec kLeaseExpiries{"penstock_queue_lease_expiries_total",
                                            "Leases that ran out before they were settled."};
inline constexpr CounterSpec kUnreadable{
    "penstock_queue_unreadable_total",
    "Stored events that could not be read and were given up, once for each hand-over."};
inline constexpr CounterSpec kHandlerFailures{"penstock_queue_handler_failures_total",
                                              "Publish handlers that threw, against their contract."};
inline constexpr CounterSpec kCommittedEvents{"penstock_queue_commit_events_total",
                                              "Events given to commits; by commits it is the mean batch."};
inline constexpr HistogramSpec kCommitSeconds{"penstock_queue_commit_seconds",
                                              "Time that one commit of published events took.", Buckets::Request};

/// What every durable engine counts; the host derives the gauges from stats().
struct Instruments {
  Instruments(Metrics& metrics, const std::string& engine)
      : lease_expiries(metrics.counter(kLeaseExpiries, {{"engine", engine}})),
        dead_letters(metrics, engine),
        unreadable(metrics.counter(kUnreadable, {{"engine", engine}})),
        handler_failures(metrics.counter(kHandlerFailures, {{"engine", engine}})),
        committed_events(metrics.counter(kCommittedEvents, {{"engine", engine}})),
        commit_seconds(metrics.histogram(kCommitSeconds, {{"engine", engine}})) {}

  Counter& lease_expiries;
  DeadLetterCounters dead_letters;
  Counter& unreadable;
  Counter& handler_failures;
  Counter& committed_events;
  Histogram& commit_seconds;
};

}  // namespace penstock::durable
