#pragma once

#include "penstock/config.h"

#include <array>
#include <cstddef>

namespace penstock {

inline constexpr std::array kWorkerRows{
    ConfigRow{"concurrency", ConfigType::Integer, "4", "1..256", "Threads that receive and persist events."},
    ConfigRow{"batch", ConfigType::Integer, "500", "1..10000",
              "Events a thread receives at once and persists in one transaction."},
    ConfigRow{"lease", ConfigType::Period, "30s", "1s..1h",
              "How long received events are on loan; longer than a slow transaction of the store."},
    ConfigRow{"wait", ConfigType::Period, "1s", "10ms..1m", "How long one receive waits while the queue is empty."},
    ConfigRow{"drain", ConfigType::Period, "20s", "0s..1h",
              "How long a stop may take to finish the events in hand; the rest is given back."},
    ConfigRow{"outage.first", ConfigType::Period, "100ms", "1ms..1m",
              "Pause after the store or the queue was first found away; doubles with each further failure."},
    ConfigRow{"outage.longest", ConfigType::Period, "2s", "1ms..5m",
              "Longest pause while the store or the queue is away."},
};

/// The rows' values.
struct WorkerSettings {
  std::size_t concurrency = 0;
  std::size_t batch = 0;
  Duration lease{};
  Duration wait{};
  Duration drain{};
  Duration first_pause{};
  Duration longest_pause{};

  static WorkerSettings read(const Config& section) {
    return {static_cast<std::size_t>(section.integer("concurrency")),
            static_cast<std::size_t>(section.integer("batch")),
            section.duration("lease"),
            section.duration("wait"),
            section.duration("drain"),
            section.duration("outage.first"),
            section.duration("outage.longest")};
  }
};

}  // namespace penstock
