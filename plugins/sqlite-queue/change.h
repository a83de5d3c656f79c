#pragma once

#include "shared/sqlite/session.h"
#include "sqlite-queue/journal.h"

#include "penstock/dead_letters.h"

namespace penstock::sqlite_queue {

inline std::int64_t micros(WallTime time) { return time.time_since_epoch().count(); }
inline WallTime wallTime(std::int64_t micros) { return WallTime(Duration(micros)); }

template <typename Digest>
Digest digest(std::span<const std::uint8_t> bytes) {
  Digest value;
  std::copy_n(bytes.begin(), std::min(bytes.size(), value.bytes.size()), value.bytes.begin());
  return value;
}

/// What an event's history has made of it.
struct State {
  explicit State(const durable::Item& item)
      : attempts(item.attempts), expiries_alone(item.expiries_alone), suspect(item.suspect), waits(item.waits) {}
  void giveTo(durable::Item& item) const {
    item.attempts = attempts;
    item.expiries_alone = expiries_alone;
    item.suspect = suspect;
    item.waits = waits;
  }
  std::uint32_t attempts;
  std::uint32_t expiries_alone;
  bool suspect;
  std::string waits;
};

/// The steps that events make, within one write transaction.
class SqliteJournal::Change {
public:
  Change(sqlite::Session& in, WallTime now, const Limits& limits, const Counts& before)
      : session(in), now_(now), limits_(limits), before_(before) {}

  void publish(durable::Publication& publication);
  void handOver(const durable::Item& item);
  /// The event waits until then, in that state.
  void putBack(std::uint64_t sequence, const State& state, WallTime due);
  void fail(const durable::Item& item, std::string_view reason);
  void finish(const durable::Item& item);
  void bury(const durable::Item& item, const Dead& dead);
  void revive(std::int64_t sequence, WallTime due, std::int64_t attempts, std::int64_t replays, bool suspect,
              std::int64_t bytes);
  void removeDead(std::int64_t sequence);
  void add(const Counts& more) { by += more; }

  /// Whether so many bytes fit in, beside so many events more.
  bool hasRoom(std::int64_t bytes, std::int64_t events = 0) const;

  sqlite::Session& session;
  Counts by;

private:
  void removeEvent(std::int64_t sequence);

  const WallTime now_;
  const Limits& limits_;
  const Counts before_;
};

}  // namespace penstock::sqlite_queue
