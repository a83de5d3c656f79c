#include "memory-queue/state.h"

#include <algorithm>

namespace penstock::memory_queue {

Letter letterOf(const Record& record) {
  return {.text = record.text,
          .id = record.id,
          .customer = record.customer,
          .kind = record.kind,
          .attempts = record.earlier_attempts + record.attempt,
          .history = *record.history};
}

void State::bury(Record& record, const Dead& dead, const Moment& now, Aftermath& aftermath) {
  bytes_ -= record.bytes();
  History& history = record.past();
  history.reason = clipped(dead.reason);
  history.cause = causeOf(history.reason);
  history.provider = clipped(dead.provider.empty() ? record.provider : dead.provider);
  history.dead_at = now.wall;
  instruments_.dead_letters.add(dead.grounds);
  dead_.add(record, now.steady);
  while (dead_.size() > 1 && (dead_.size() > limits_.max_dead_letters || dead_.bytes() > limits_.max_dead_bytes)) {
    instruments_.dead_letters_evicted.add();
    removeDead(*dead_.oldest(), now, aftermath);
  }
}

void State::removeDead(Record& record, const Moment& now, Aftermath& aftermath) {
  dead_.remove(record);
  forget(record, now, aftermath);
}

void State::forget(Record& record, const Moment& now, Aftermath& aftermath) {
  lanes_.leave(*record.lane);
  const std::uint64_t evicted = keys_.finish(record, now.steady, aftermath.garbage);
  if (evicted > 0) instruments_.keys_evicted.add(static_cast<double>(evicted));
}

std::optional<Letter> State::letter(const Uuid& id) const {
  const Record* record = dead_.find(id);
  if (record == nullptr) return std::nullopt;
  return letterOf(*record);
}

std::uint64_t State::replay(const DeadLetterFilter& filter, Duration first, Duration step, const Moment& now) {
  std::vector<Record*> chosen = dead_.named(filter);
  std::reverse(chosen.begin(), chosen.end());
  std::uint64_t room = limits_.max_events - std::min(limits_.max_events, live());
  std::uint64_t bytes = bytes_;
  std::size_t count = 0;
  for (; count < chosen.size() && room > 0; ++count, --room) {
    bytes += chosen[count]->bytes();
    if (bytes > limits_.max_bytes) break;
  }
  for (std::size_t i = 0; i < count; ++i) revive(*chosen[i], first + step * static_cast<std::int64_t>(i), now);
  return count;
}

void State::revive(Record& record, Duration delay, const Moment& now) {
  dead_.remove(record);
  record.suspect = record.history->reason == "crash_suspect";
  record.history->reason.clear();
  record.history->cause.clear();
  record.history->provider.clear();
  ++record.history->replays;
  record.earlier_attempts += record.attempt;
  record.attempt = 0;
  record.waits.clear();
  record.born = now.steady + delay;
  record.expiries_alone = 0;
  bytes_ += record.bytes();
  makeReadyAfter(record, delay, now);
}

std::uint64_t State::discard(std::span<const Uuid> ids, const Moment& now, Aftermath& aftermath) {
  std::uint64_t removed = 0;
  for (const Uuid& id : ids) {
    Record* record = dead_.find(id);
    if (record == nullptr) continue;
    removeDead(*record, now, aftermath);
    ++removed;
  }
  return removed;
}

}  // namespace penstock::memory_queue
