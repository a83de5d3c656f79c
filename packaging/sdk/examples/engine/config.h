#pragma once

#include "penstock/config.h"

#include <array>

namespace example {

/// The section ["example-queue"]. penstock-conformance needs max_events, max_bytes, full, full_wait, key_window and
/// dead_letter_retention; the others bound what else could grow.
inline constexpr std::array kRows{
    penstock::ConfigRow{"max_events", penstock::ConfigType::Integer, "10000", "1..100000", "Most events in the queue."},
    penstock::ConfigRow{"max_bytes", penstock::ConfigType::Size, "64MB", "64KB..1GB", "Most bytes of events in it."},
    penstock::ConfigRow{"full", penstock::ConfigType::Choice, "reject", "reject|wait",
                        "What happens to a publisher when the queue is full."},
    penstock::ConfigRow{"full_wait", penstock::ConfigType::Period, "2s", "1ms..5m",
                        "With full = \"wait\", the longest a publisher waits for room."},
    penstock::ConfigRow{"max_waiting", penstock::ConfigType::Integer, "100", "1..10000",
                        "With full = \"wait\", most publishers that wait."},
    penstock::ConfigRow{"key_window", penstock::ConfigType::Period, "72h", "1m..30d",
                        "How long a key is known after its event was accepted; longer while the event is there."},
    penstock::ConfigRow{"max_keys", penstock::ConfigType::Integer, "100000", "1000..10000000",
                        "Most keys of finished events; the longest finished is forgotten first."},
    penstock::ConfigRow{"dead_letter_retention", penstock::ConfigType::Period, "30d", "1m..3650d",
                        "How long dead letters are kept."},
    penstock::ConfigRow{"max_dead_letters", penstock::ConfigType::Integer, "1000", "1..100000",
                        "Most dead letters; the oldest is removed first."},
};

struct Limits {
  explicit Limits(const penstock::Config& section)
      : max_events(static_cast<std::uint64_t>(section.integer("max_events"))),
        max_bytes(section.size("max_bytes")),
        wait_when_full(section.text("full") == "wait"),
        full_wait(section.duration("full_wait")),
        max_waiting(static_cast<std::uint64_t>(section.integer("max_waiting"))),
        key_window(section.duration("key_window")),
        max_keys(static_cast<std::uint64_t>(section.integer("max_keys"))),
        dead_letter_retention(section.duration("dead_letter_retention")),
        max_dead_letters(static_cast<std::uint64_t>(section.integer("max_dead_letters"))) {}

  std::uint64_t max_events;
  std::uint64_t max_bytes;
  bool wait_when_full;
  penstock::Duration full_wait;
  std::uint64_t max_waiting;
  penstock::Duration key_window;
  std::uint64_t max_keys;
  penstock::Duration dead_letter_retention;
  std::uint64_t max_dead_letters;
};

}  // namespace example
