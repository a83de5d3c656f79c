#pragma once

#include "penstock/metrics.h"
#include "penstock/transport.h"

#include <array>
#include <string_view>

namespace penstock::http_transport {

inline constexpr CounterSpec kRequests{"penstock_transport_requests_total",
                                       "Requests to providers that ended, by what became of them."};
inline constexpr CounterSpec kConnections{"penstock_transport_connections_total",
                                          "Connections that were opened to send requests."};
inline constexpr CounterSpec kLookups{"penstock_transport_lookups_total", "Host names that were looked up."};
inline constexpr CounterSpec kTruncated{"penstock_transport_truncated_total",
                                        "Answers whose body was longer than what is read."};
inline constexpr CounterSpec kExceptions{"penstock_transport_exceptions_total",
                                         "Exceptions that a thread of http-transport caught."};
inline constexpr GaugeSpec kInFlight{"penstock_transport_in_flight", "Requests that have no outcome yet."};
inline constexpr HistogramSpec kLatency{"penstock_transport_latency_seconds",
                                        "Time from sending a request to the end of its answer.", Buckets::Request};

/// Label values, in the order of SendFault.
inline constexpr std::array<std::string_view, 9> kFaultNames{
    "malformed", "forbidden", "unresolved", "unreachable", "untrusted", "timed_out", "broken", "busy", "stopped"};

struct Instruments {
  explicit Instruments(Metrics& metrics)
      : answered(metrics.counter(kRequests, {{"outcome", "answered"}})),
        connections(metrics.counter(kConnections)),
        lookups(metrics.counter(kLookups)),
        truncated(metrics.counter(kTruncated)),
        exceptions(metrics.counter(kExceptions)),
        in_flight(metrics.gauge(kInFlight)),
        latency(metrics.histogram(kLatency)) {
    for (std::size_t i = 0; i < kFaultNames.size(); ++i)
      failed[i] = &metrics.counter(kRequests, {{"outcome", kFaultNames[i]}});
  }

  Counter& answered;
  Counter& connections;
  Counter& lookups;
  Counter& truncated;
  Counter& exceptions;
  Gauge& in_flight;
  Histogram& latency;
  std::array<Counter*, kFaultNames.size()> failed{};
};

}  // namespace penstock::http_transport
