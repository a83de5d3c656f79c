#include "sqlite-queue/change.h"

#include "sqlite-queue/sql.h"

namespace penstock::sqlite_queue {

using durable::Item;
using durable::Publication;

Counts& Counts::operator+=(const Counts& change) {
  live += change.live;
  bytes += change.bytes;
  waiting += change.waiting;
  dead += change.dead;
  finished_keys += change.finished_keys;
  return *this;
}

bool SqliteJournal::Change::hasRoom(std::int64_t bytes, std::int64_t events) const {
  return static_cast<std::uint64_t>(before_.live + by.live + events) < limits_.max_events &&
         static_cast<std::uint64_t>(before_.bytes + by.bytes + bytes) <= limits_.max_bytes;
}

void SqliteJournal::Change::publish(Publication& publication) {
  bool finished = false;
  {
    auto known = session.query(sql::kFindKey, publication.key);
    if (known.next()) {
      const auto first = digest<Uuid>(known.bytes(1));
      const bool held = known.integer(3) != 0;
      if (held || known.integer(2) > micros(now_)) {
        const bool same = digest<Digest128>(known.bytes(0)) == publication.fingerprint;
        publication.result = {same ? PublishVerdict::Duplicate : PublishVerdict::Conflict, first};
        return;
      }
      finished = true;
    }
  }
  const auto bytes = static_cast<std::int64_t>(publication.text.size());
  if (!hasRoom(bytes)) {
    publication.result = {PublishVerdict::Full, {}};
    publication.hopeless = publication.text.size() > limits_.max_bytes;
    return;
  }
  session.execute(sql::kClaimKey, publication.key, publication.fingerprint, publication.id,
                  micros(now_ + durable::bounded(limits_.key_window)));
  session.execute(sql::kAddEvent, publication.id, publication.key, publication.conversation, micros(now_),
                  publication.customer, publication.provider, word(publication.kind), publication.text);
  by += {.live = 1, .bytes = bytes, .finished_keys = finished ? -1 : 0};
  publication.result = {PublishVerdict::Accepted, publication.id};
}

void SqliteJournal::Change::handOver(const Item& item) {
  session.execute(sql::kHandOver, item.sequence, item.alone ? 2 : 1, item.attempts + 1);
  if (item.touched) by += {.waiting = -1};
}

void SqliteJournal::Change::putBack(std::uint64_t sequence, const State& state, WallTime due) {
  session.execute(sql::kPutBack, sequence, micros(due), state.attempts, state.expiries_alone, state.suspect ? 1 : 0,
                  state.waits);
  by += {.waiting = 1};
}

void SqliteJournal::Change::fail(const Item& item, std::string_view reason) {
  session.execute(sql::kAddFailure, item.sequence, micros(now_), item.attempts, durable::clipped(reason));
  session.execute(sql::kTrimFailures, item.sequence, durable::kFailuresKept);
}

void SqliteJournal::Change::finish(const Item& item) {
  by += {.live = -1, .bytes = -static_cast<std::int64_t>(item.text->size())};
  removeEvent(static_cast<std::int64_t>(item.sequence));
}

void SqliteJournal::Change::removeEvent(std::int64_t sequence) {
  session.execute(sql::kRemoveFailures, sequence);
  session.execute(sql::kRemoveState, sequence);
  Digest128 key;
  {
    auto event = session.query(sql::kFindEvent, sequence);
    if (!event.next()) return;
    key = digest<Digest128>(event.bytes(0));
  }
  session.execute(sql::kRemoveEvent, sequence);
  if (session.execute(sql::kReleaseKey, key, micros(now_)) > 0)
    by += {.finished_keys = 1};
  else
    session.execute(sql::kDropKey, key);
}

void SqliteJournal::Change::bury(const Item& item, const Dead& dead) {
  const std::string_view reason = durable::clipped(dead.reason);
  session.execute(sql::kBury, item.sequence, reason, causeOf(reason), durable::clipped(dead.provider), micros(now_));
  session.execute(sql::kRemoveState, item.sequence);
  by += {.live = -1, .bytes = -static_cast<std::int64_t>(item.text->size()), .dead = 1};
}

void SqliteJournal::Change::revive(std::int64_t sequence, WallTime due, std::int64_t attempts, std::int64_t replays,
                                   bool suspect, std::int64_t bytes) {
  session.execute(sql::kRevive, sequence, micros(due), attempts, replays + 1, suspect ? 1 : 0);
  session.execute(sql::kRemoveDead, sequence);
  by += {.live = 1, .bytes = bytes, .waiting = 1, .dead = -1};
}

void SqliteJournal::Change::removeDead(std::int64_t sequence) {
  if (session.execute(sql::kRemoveDead, sequence) == 0) return;
  by += {.dead = -1};
  removeEvent(sequence);
}

}  // namespace penstock::sqlite_queue
