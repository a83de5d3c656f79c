#pragma once

#include "penstock/config.h"

#include <array>

namespace penstock {

inline constexpr std::array kWorkerRows{
    ConfigRow{"concurrency", ConfigType::Integer, "4", "1..256", "Threads that receive and persist events."},
    ConfigRow{"receive", ConfigType::Integer, "500", "1..10000",
              "Events a thread receives at once and persists in one transaction."},
    ConfigRow{
        "lease", ConfigType::Period, "30s", "1s..1h",
        "How long received events are on loan; longer than a slow transaction of the store, and than send_timeout and "
        "send_margin together."},
    ConfigRow{"wait", ConfigType::Period, "1s", "10ms..1m", "How long one receive waits while the queue is empty."},
    ConfigRow{"drain", ConfigType::Period, "20s", "0s..1h",
              "How long a stop may take to finish the events in hand; the rest is given back."},
    ConfigRow{"in_flight", ConfigType::Integer, "5000", "1..100000", "Messages on their way to providers at once."},
    ConfigRow{"send_timeout", ConfigType::Period, "10s", "100ms..30m",
              "How long one send may take, the provider's answer included."},
    ConfigRow{"send_margin", ConfigType::Period, "5s", "100ms..10m",
              "Kept of the lease for recording what became of a send."},
    ConfigRow{"interval", ConfigType::Period, "0s", "0s..7d",
              "Sends the next `batch` messages once in each interval; 0s: as they come."},
    ConfigRow{"batch", ConfigType::Integer, "2", "1..1000000",
              "Messages sent in each interval, by all processes on one store together."},
    ConfigRow{"autostart", ConfigType::Boolean, "true", "",
              "Whether sending runs until somebody stops it through /scheduler; what was said there is remembered."},
    ConfigRow{"breaker.failures", ConfigType::Integer, "20", "1..1000000",
              "Failures in a row after which a provider is left alone."},
    ConfigRow{"breaker.rest", ConfigType::Period, "30s", "100ms..1h", "How long it is left alone."},
    ConfigRow{"limit.provider.per_minute", ConfigType::Integer, "0", "0..100000000",
              "Messages a minute to one provider; 0: no limit."},
    ConfigRow{"limit.provider.at_once", ConfigType::Integer, "0", "0..100000",
              "Messages on their way to one provider at once; 0: no limit."},
    ConfigRow{"limit.destination.per_minute", ConfigType::Integer, "0", "0..100000000",
              "Messages a minute to one host and port; 0: no limit."},
    ConfigRow{
        "limit.destination.at_once", ConfigType::Integer, "2500", "0..100000",
        "Messages on their way to one host and port at once, so that one that hangs leaves room for the others; 0: "
        "no limit."},
    ConfigRow{"limit.sender.per_minute", ConfigType::Integer, "0", "0..100000000",
              "Messages a minute from one sender's address; 0: no limit."},
    ConfigRow{"limit.sender.at_once", ConfigType::Integer, "0", "0..100000",
              "Messages from one sender's address on their way at once; 0: no limit."},
    ConfigRow{"outage.first", ConfigType::Period, "100ms", "1ms..1m",
              "Pause after the store or the queue was first found away; doubles with each further failure."},
    ConfigRow{"outage.longest", ConfigType::Period, "2s", "1ms..5m",
              "Longest pause while the store or the queue is away."},
};

}  // namespace penstock
