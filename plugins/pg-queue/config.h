#pragma once

#include "penstock/config.h"

#include <array>
#include <cstdint>

namespace penstock::pg_queue {

inline constexpr std::array kRows{
    ConfigRow{"max_events", ConfigType::Integer, "100000000", "1..10000000000",
              "Most events the queue holds, whether ready, leased or scheduled; beyond it publishing is refused."},
    ConfigRow{"max_bytes", ConfigType::Size, "256GB", "64KB..64TB",
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
    ConfigRow{"dead_letter_retention", ConfigType::Period, "30d", "1m..3650d", "How long dead letters are kept."},
    ConfigRow{"max_dead_letters", ConfigType::Integer, "10000000", "1..1000000000",
              "Most dead letters kept; the oldest is removed first."},
    ConfigRow{"commit_events", ConfigType::Integer, "1000", "1..10000", "Most events published by one commit."},
    ConfigRow{
        "slot_events", ConfigType::Integer, "200000", "100..100000000",
        "After how many events the next table of the ring is opened; a table is emptied once all of it is settled."},
    ConfigRow{"slot_age", ConfigType::Period, "10m", "1s..24h",
              "After how long the next table of the ring is opened although it has fewer events."},
    ConfigRow{"poll", ConfigType::Period, "500ms", "10ms..10s",
              "How often a worker that waits looks for events that nobody told it of."},
    ConfigRow{"attend", ConfigType::Period, "1s", "100ms..3s",
              "How often a process with workers shows the others that it lives."},
    ConfigRow{"patience", ConfigType::Period, "10s", "1s..30s",
              "After how long without a sign of life a process is taken to be gone and others hand out its events."},
    ConfigRow{"outbox.enabled", ConfigType::Boolean, "true", "",
              "Whether this process moves what applications enqueue with penstock.enqueue."},
    ConfigRow{"outbox.batch", ConfigType::Integer, "500", "1..10000", "Most drafts moved by one commit."},
    ConfigRow{"outbox.poll", ConfigType::Period, "250ms", "10ms..1m",
              "How often the outbox is looked at once everything in it has been moved."},
};

}  // namespace penstock::pg_queue
