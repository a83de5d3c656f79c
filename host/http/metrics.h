#pragma once

#include "http/refusal.h"
#include "penstock/metrics.h"

#include <array>
#include <string_view>

namespace penstock {

inline constexpr HistogramSpec kRequestSeconds{
    "penstock_http_request_seconds", "Time from a request's first byte to its answer, by the pattern of its route.",
    Buckets::Request};
inline constexpr CounterSpec kResponses{"penstock_http_responses_total", "Answers, by status."};
inline constexpr CounterSpec kRefused{"penstock_http_refused_total",
                                      "Requests and connections refused by the listener itself, by reason."};
inline constexpr CounterSpec kCut{"penstock_http_cut_total",
                                  "Connections closed before their answer was read, by reason."};
inline constexpr CounterSpec kAbandoned{"penstock_http_abandoned_total",
                                        "Requests whose handler dropped them without an answer; they got 500."};
inline constexpr CounterSpec kHandlerFailures{"penstock_http_handler_failures_total",
                                              "Exceptions that handlers of requests let out."};
inline constexpr GaugeSpec kInFlight{"penstock_http_in_flight", "Requests handed to a handler and not yet answered."};
inline constexpr GaugeSpec kConnections{"penstock_http_connections", "Open connections."};

/// Why a connection was closed before its answer was read.
enum class CutReason : std::uint8_t { SlowReader, Overloaded };

/// The listener's instruments, all declared when made. [any thread]
class HttpMetrics {
public:
  explicit HttpMetrics(Metrics& registry);

  Histogram& route(std::string_view pattern) { return registry_.histogram(kRequestSeconds, {{"route", pattern}}); }
  Histogram& noRoute() { return *no_route_; }
  Counter& response(unsigned status);
  Counter& refused(RefusalCode code) { return *refused_[static_cast<std::size_t>(code)]; }
  Counter& cut(CutReason reason) { return *cut_[static_cast<std::size_t>(reason)]; }
  Counter& abandoned() { return *abandoned_; }
  Counter& handlerFailures() { return *handler_failures_; }
  Gauge& inFlight() { return *in_flight_; }
  Gauge& connections() { return *connections_; }

private:
  Metrics& registry_;
  Histogram* no_route_;
  std::array<Counter*, 600> responses_{};  ///< by status; null: counted as other
  Counter* other_responses_;
  std::array<Counter*, kRefusals.size()> refused_{};
  std::array<Counter*, 2> cut_{};
  Counter* abandoned_;
  Counter* handler_failures_;
  Gauge* in_flight_;
  Gauge* connections_;
};

}  // namespace penstock
