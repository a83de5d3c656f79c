#pragma once

#include "penstock/metrics.h"
#include "redis-cache/fault.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace penstock::redis_cache {

inline constexpr CounterSpec kWritten{"penstock_cache_notes_written_total",
                                      "Notes of sent messages that were written to the cache."};
inline constexpr CounterSpec kDropped{"penstock_cache_notes_dropped_total",
                                      "Notes of sent messages that the cache may not have, by why."};
inline constexpr CounterSpec kErrors{"penstock_cache_errors_total",
                                     "Failures to work with the cache's server, by kind."};
inline constexpr CounterSpec kReads{"penstock_cache_reads_total",
                                    "Reading calls of the cache: answered, or unknown when it could not say."};
inline constexpr GaugeSpec kConnected{"penstock_cache_connected", "1 while the cache's server can be used, else 0."};
inline constexpr GaugeSpec kWaiting{"penstock_cache_notes_waiting", "Notes that wait to be written to the cache."};
inline constexpr HistogramSpec kLatency{"penstock_cache_latency_seconds",
                                        "Time to write a batch of notes to the cache.", Buckets::Request};

/// Why a note was dropped.
enum class Drop : std::uint8_t {
  Overflow,  ///< too many waited
  Lost,      ///< the connection broke while it was written
  Refused,   ///< the server would not take it
  TooLong,   ///< the provider's id is longer than a note may hold
  Stopped,   ///< the plugin stops or has stopped
};

/// Label values, in the order of Drop.
inline constexpr std::array<std::string_view, 5> kDropNames{"overflow", "lost", "refused", "too_long", "stopped"};

struct Instruments {
  explicit Instruments(Metrics& metrics)
      : written(metrics.counter(kWritten)),
        answered(metrics.counter(kReads, {{"outcome", "answered"}})),
        unknown(metrics.counter(kReads, {{"outcome", "unknown"}})),
        connected(metrics.gauge(kConnected)),
        waiting(metrics.gauge(kWaiting)),
        latency(metrics.histogram(kLatency)) {
    for (std::size_t i = 0; i < kDropNames.size(); ++i)
      dropped_[i] = &metrics.counter(kDropped, {{"reason", kDropNames[i]}});
    for (std::size_t i = 0; i < kFaultNames.size(); ++i)
      errors_[i] = &metrics.counter(kErrors, {{"kind", kFaultNames[i]}});
  }

  Counter& dropped(Drop why) { return *dropped_[static_cast<std::size_t>(why)]; }
  Counter& errors(FaultKind kind) { return *errors_[static_cast<std::size_t>(kind)]; }

  Counter& written;
  Counter& answered;
  Counter& unknown;
  Gauge& connected;
  Gauge& waiting;
  Histogram& latency;

private:
  std::array<Counter*, kDropNames.size()> dropped_{};
  std::array<Counter*, kFaultNames.size()> errors_{};
};

}  // namespace penstock::redis_cache
