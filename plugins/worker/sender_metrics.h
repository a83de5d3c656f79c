#pragma once

#include "worker/breaker.h"

#include "penstock/clock.h"
#include "penstock/metrics.h"
#include "penstock/store.h"

#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace penstock {

inline constexpr CounterSpec kSends{"penstock_sends_total", "Attempts to send that ended, by provider and outcome."};
inline constexpr HistogramSpec kSendSeconds{
    "penstock_send_seconds", "Time from asking a provider to its answer, or to the failure.", Buckets::Wait};
inline constexpr CounterSpec kSendRetries{"penstock_send_retries_total", "Messages that will be sent again later."};
inline constexpr CounterSpec kSendWaits{"penstock_send_waits_total",
                                        "Messages that were put aside without an attempt, by what they wait for."};
inline constexpr GaugeSpec kWaiting{
    "penstock_send_waiting",
    "Messages that this process put aside without an attempt and that are not due again yet, by what they wait for."};
inline constexpr CounterSpec kSendRefused{
    "penstock_send_refused_total", "Messages that were not sent because an earlier attempt has sent them or may have."};
inline constexpr GaugeSpec kSending{"penstock_sends_in_flight", "Messages on their way to a provider."};
inline constexpr GaugeSpec kBreakerState{"penstock_breaker_open",
                                         "Whether a provider is left alone: 0 no, 0.5 it is being tried, 1 yes."};
inline constexpr CounterSpec kBreakerTransitions{
    "penstock_breaker_transitions_total",
    "Turns of a provider's breaker, by its new state: open when the provider is left alone because it failed again and "
    "again, half_open when it is tried, closed when it works again."};

/// What messages are put aside for.
inline constexpr std::array<std::string_view, 10> kWaitCauses{
    "paused", "pace", "provider_limit", "destination_limit", "breaker", "sender_limit", "suspect", "lease",
    "store",  "stop"};

/// How many wait, by the times when they are due again. A time is rounded down by less than a sixty-fourth of the wait,
/// so that what it costs does not depend on how many wait. [any thread]
class Waiting {
public:
  void add(SteadyTime now, Duration delay);
  std::size_t count(SteadyTime now);

private:
  std::mutex mutex_;
  std::map<SteadyTime, std::size_t> due_;  // guarded by mutex_
  std::size_t waiting_ = 0;                // guarded by mutex_
};

/// What is counted of one provider.
struct ProviderSeries {
  ProviderSeries(Metrics& metrics, const std::string& provider);

  /// Its breaker is in another state now.
  void turned(BreakerState state);

  std::array<Counter*, 3> sends;  ///< by outcome
  Histogram& seconds;
  Gauge& breaker;
  std::array<Counter*, 3> turns;  ///< by state
};

class SenderMetrics {
public:
  SenderMetrics(Metrics& metrics, Clock& clock);

  /// A provider's; those that come with a reload are declared when they are first met. [any thread]
  ProviderSeries& of(const std::string& provider);

  /// A message waits for `cause`, one of kWaitCauses. [any thread]
  void putAside(std::string_view cause, Duration delay);

  Counter& retries;
  Counter& refused;
  Gauge& in_flight;

private:
  struct Cause {
    Cause(Metrics& metrics, std::string_view cause);

    Counter& put_aside;
    Gauge& shown;
    Waiting waiting;
  };

  Metrics& registry_;
  Clock& clock_;
  std::map<std::string, Cause, std::less<>> causes_;
  std::mutex mutex_;
  std::map<std::string, ProviderSeries> providers_;
  std::unique_ptr<Collection> collection_;  // goes first: it looks at the causes
};

}  // namespace penstock
