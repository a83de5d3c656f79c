#pragma once

#include "penstock/config.h"

#include <array>
#include <cstdint>

namespace penstock::memory_queue {

inline constexpr std::array kRows{
    ConfigRow{"max_events", ConfigType::Integer, "100000", "1..10000000",
              "Most events the queue holds, whether ready, leased or scheduled; beyond it publishing is refused."},
    ConfigRow{"max_bytes", ConfigType::Size, "256MB", "64KB..64GB",
              "Most bytes of events the queue holds; beyond it publishing is refused."},
    ConfigRow{"full", ConfigType::Choice, "reject", "reject|wait",
              "What happens to a publisher when the queue is full: refused at once, or made to wait for room."},
    ConfigRow{"full_wait", ConfigType::Period, "2s", "1ms..5m",
              "With full = \"wait\", the longest a publisher waits for room before it is refused."},
    ConfigRow{"max_waiting", ConfigType::Integer, "1000", "1..100000",
              "With full = \"wait\", most publishers that wait; they hold at most max_bytes together."},
    ConfigRow{
        "key_window", ConfigType::Period, "72h", "1m..30d",
        "How long after it was accepted an event's key is known; longer while the event is in the queue or dead."},
    ConfigRow{
        "max_keys", ConfigType::Integer, "1000000", "1000..100000000",
        "Most keys of finished events remembered, about 120 bytes each; the longest finished is forgotten first."},
    ConfigRow{"dead_letter_retention", ConfigType::Period, "30d", "1m..3650d", "How long dead letters are kept."},
    ConfigRow{"max_dead_letters", ConfigType::Integer, "10000", "1..1000000",
              "Most dead letters kept; the oldest is removed first."},
    ConfigRow{"max_dead_bytes", ConfigType::Size, "64MB", "64KB..64GB",
              "Most bytes of dead letters kept; the oldest is removed first."},
};

/// The rows as values.
struct Limits {
  std::uint64_t max_events;
  std::uint64_t max_bytes;
  bool wait_when_full;
  Duration full_wait;
  std::uint64_t max_waiting;
  Duration key_window;
  std::uint64_t max_keys;
  Duration dead_letter_retention;
  std::uint64_t max_dead_letters;
  std::uint64_t max_dead_bytes;

  static Limits of(const Config& section) {
    const auto count = [&](std::string_view key) { return static_cast<std::uint64_t>(section.integer(key)); };
    return {.max_events = count("max_events"),
            .max_bytes = section.size("max_bytes"),
            .wait_when_full = section.text("full") == "wait",
            .full_wait = section.duration("full_wait"),
            .max_waiting = count("max_waiting"),
            .key_window = section.duration("key_window"),
            .max_keys = count("max_keys"),
            .dead_letter_retention = section.duration("dead_letter_retention"),
            .max_dead_letters = count("max_dead_letters"),
            .max_dead_bytes = section.size("max_dead_bytes")};
  }
};

}  // namespace penstock::memory_queue
