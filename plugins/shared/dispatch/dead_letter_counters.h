#pragma once

#include "penstock/metrics.h"
#include "penstock/queue.h"

#include <array>
#include <cstddef>
#include <string_view>

namespace penstock {

inline constexpr CounterSpec kDeadLettersMade{"penstock_queue_dead_letters_total",
                                              "Events that became dead letters, by what made them so."};

/// Counts the dead letters that an engine makes. [any thread]
class DeadLetterCounters {
public:
  DeadLetterCounters(Metrics& metrics, std::string_view engine) {
    for (const Grounds grounds : kGrounds)
      counters_[static_cast<std::size_t>(grounds)] =
          &metrics.counter(kDeadLettersMade, {{"engine", engine}, {"reason", word(grounds)}});
  }

  void add(Grounds grounds, double count = 1) const { counters_[static_cast<std::size_t>(grounds)]->add(count); }

private:
  std::array<Counter*, kGrounds.size()> counters_{};
};

}  // namespace penstock
