#pragma once

#include "penstock/metrics.h"

#include <cstddef>
#include <cstdint>

namespace penstock::pg_store {

/// What a write transaction is for.
enum class Operation : std::uint8_t { Persist, Begin, Record, Set, Take, Probe, Gather };

namespace metric {
inline constexpr std::pair<std::string_view, std::string_view> kStore{"store", "pg_store"};
inline constexpr HistogramSpec kTransaction{"penstock_store_transaction_seconds",
                                            "Time of a write transaction, waiting for the writer included.",
                                            Buckets::Request};
inline constexpr HistogramSpec kRead{"penstock_store_read_seconds",
                                     "Time of a read, waiting for a free reader included.", Buckets::Request};
inline constexpr CounterSpec kMessages{"penstock_store_messages_total",
                                       "Events persisted as messages, by whether the message was there already."};
inline constexpr CounterSpec kKeyReused{"penstock_store_key_reused_total",
                                        "Messages stored although their key was known with other content."};
inline constexpr CounterSpec kReports{"penstock_store_reports_total",
                                      "Delivery reports persisted, by what became of them."};
inline constexpr CounterSpec kGrants{"penstock_store_grants_total", "Intents to send, by answer."};
inline constexpr CounterSpec kAttempts{"penstock_store_attempts_total", "Attempts recorded, by outcome."};
inline constexpr CounterSpec kWatchFailures{"penstock_store_watch_failures_total",
                                            "Callbacks of watches that threw, and failed looks at watched values."};
}  // namespace metric

/// The plugin's instruments, every series declared at start.
struct StoreMetrics {
  explicit StoreMetrics(Metrics& registry);

  Histogram& transaction(Operation operation) const { return *transactions[static_cast<std::size_t>(operation)]; }

  Histogram* transactions[7];
  Histogram& read;
  Counter& inserted;
  Counter& existing;
  Counter& key_reused;
  Counter& reports_applied;
  Counter& reports_stale;
  Counter& reports_kept;
  Counter& reports_unreadable;
  Counter& granted;
  Counter& refused;
  Counter* attempts[3];
  Counter& attempts_repeated;
  Counter& watch_failures;
};

inline StoreMetrics::StoreMetrics(Metrics& registry)
    : transactions{&registry.histogram(metric::kTransaction, {metric::kStore, {"operation", "persist"}}),
                   &registry.histogram(metric::kTransaction, {metric::kStore, {"operation", "begin"}}),
                   &registry.histogram(metric::kTransaction, {metric::kStore, {"operation", "record"}}),
                   &registry.histogram(metric::kTransaction, {metric::kStore, {"operation", "set"}}),
                   &registry.histogram(metric::kTransaction, {metric::kStore, {"operation", "take"}}),
                   &registry.histogram(metric::kTransaction, {metric::kStore, {"operation", "probe"}}),
                   &registry.histogram(metric::kTransaction, {metric::kStore, {"operation", "gather"}})},
      read(registry.histogram(metric::kRead, {metric::kStore})),
      inserted(registry.counter(metric::kMessages, {metric::kStore, {"verdict", "inserted"}})),
      existing(registry.counter(metric::kMessages, {metric::kStore, {"verdict", "existing"}})),
      key_reused(registry.counter(metric::kKeyReused, {metric::kStore})),
      reports_applied(registry.counter(metric::kReports, {metric::kStore, {"result", "applied"}})),
      reports_stale(registry.counter(metric::kReports, {metric::kStore, {"result", "stale"}})),
      reports_kept(registry.counter(metric::kReports, {metric::kStore, {"result", "kept"}})),
      reports_unreadable(registry.counter(metric::kReports, {metric::kStore, {"result", "unreadable"}})),
      granted(registry.counter(metric::kGrants, {metric::kStore, {"verdict", "granted"}})),
      refused(registry.counter(metric::kGrants, {metric::kStore, {"verdict", "refused"}})),
      attempts{&registry.counter(metric::kAttempts, {metric::kStore, {"outcome", "sent"}}),
               &registry.counter(metric::kAttempts, {metric::kStore, {"outcome", "not_sent"}}),
               &registry.counter(metric::kAttempts, {metric::kStore, {"outcome", "unknown"}})},
      attempts_repeated(registry.counter(metric::kAttempts, {metric::kStore, {"outcome", "repeated"}})),
      watch_failures(registry.counter(metric::kWatchFailures, {metric::kStore})) {}

}  // namespace penstock::pg_store
