#pragma once

#include "penstock/config.h"

#include <array>
#include <cstdint>

namespace penstock::sqlite_queue {

inline constexpr std::array kRows{
    ConfigRow{"path", ConfigType::Text, "", "",
              "Database file; a relative one lies in the data directory, empty means queue.db there."},
    ConfigRow{"max_events", ConfigType::Integer, "10000000", "1..1000000000",
              "Most events the queue holds, whether ready, leased or scheduled; beyond it publishing is refused."},
    ConfigRow{"max_bytes", ConfigType::Size, "16GB", "64KB..16TB",
              "Most bytes of events the queue holds; beyond it publishing is refused."},
    ConfigRow{"full", ConfigType::Choice, "reject", "reject|wait",
              "What happens to a publisher when the queue is full: refused at once, or made to wait for room."},
    ConfigRow{"full_wait", ConfigType::Period, "2s", "1ms..5m",
              "With full = \"wait\", the longest a publisher waits for room before it is refused."},
    ConfigRow{"max_waiting", ConfigType::Integer, "1000", "1..10000",
              "With full = \"wait\", most publishers that wait."},
    ConfigRow{
        "key_window", ConfigType::Period, "72h", "1m..30d",
        "How long after it was accepted an event's key is known; longer while the event is in the queue or dead."},
    ConfigRow{"max_keys", ConfigType::Integer, "100000000", "1000..10000000000",
              "Most keys of finished events remembered, about 100 bytes each; the oldest is forgotten first."},
    ConfigRow{"dead_letter_retention", ConfigType::Period, "30d", "1m..3650d", "How long dead letters are kept."},
    ConfigRow{"max_dead_letters", ConfigType::Integer, "1000000", "1..1000000000",
              "Most dead letters kept; the oldest is removed first."},
    ConfigRow{"commit_events", ConfigType::Integer, "1000", "1..10000", "Most events published by one commit."},
    ConfigRow{"busy_timeout", ConfigType::Period, "5s", "100ms..60s",
              "How long a commit waits for another process that has the file before it fails."},
    ConfigRow{"cache", ConfigType::Size, "8MB", "1MB..8GB",
              "Most memory that the writer keeps of the database; it is taken as it is used."},
    ConfigRow{"checkpoint", ConfigType::Size, "64MB", "1MB..1GB",
              "Size of the write-ahead log at which it is copied into the database file."},
};

/// The rows that the journal goes by.
struct Limits {
  std::uint64_t max_events;
  std::uint64_t max_bytes;
  Duration key_window;
  std::uint64_t max_keys;
  Duration dead_letter_retention;
  std::uint64_t max_dead_letters;

  static Limits of(const Config& section) {
    const auto count = [&](std::string_view key) { return static_cast<std::uint64_t>(section.integer(key)); };
    return {.max_events = count("max_events"),
            .max_bytes = section.size("max_bytes"),
            .key_window = section.duration("key_window"),
            .max_keys = count("max_keys"),
            .dead_letter_retention = section.duration("dead_letter_retention"),
            .max_dead_letters = count("max_dead_letters")};
  }
};

}  // namespace penstock::sqlite_queue
