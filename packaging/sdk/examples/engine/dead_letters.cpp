#include "engine.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace example {

using namespace penstock;

namespace {

bool matches(const DeadLetterFilter& filter, const Record& record) {
  const DeadLetter& letter = record.letter;
  if (!filter.ids.empty() && std::find(filter.ids.begin(), filter.ids.end(), record.event.id) == filter.ids.end())
    return false;
  if (filter.customer && *filter.customer != record.event.customer) return false;
  if (filter.reason && clipped(*filter.reason) != letter.reason) return false;
  if (filter.provider && *filter.provider != letter.provider) return false;
  if (filter.cause && *filter.cause != letter.cause) return false;
  if (filter.kind && *filter.kind != record.event.kind) return false;
  if (filter.dead_since && letter.dead_at < *filter.dead_since) return false;
  return !filter.dead_before || letter.dead_at < *filter.dead_before;
}

DeadLetter letterOf(const Record& record) {
  DeadLetter letter = record.letter;
  letter.event = record.event;
  letter.attempts = record.earlier_attempts + record.attempt;
  return letter;
}

}  // namespace

DeadLetterPage Engine::list(const DeadLetterFilter& filter, Page page) {
  const Lock lock = enter();
  const auto found = newestFirst(filter);
  DeadLetterPage result;
  result.total = std::min<std::uint64_t>(found.size(), kMostCounted);
  for (std::size_t i = page.offset(); i < found.size() && result.items.size() < page.size; ++i)
    result.items.push_back(letterOf(*found[i]));
  return result;
}

std::optional<DeadLetter> Engine::get(const Uuid& id) {
  const Lock lock = enter();
  for (const Record& record : dead_)
    if (record.event.id == id) return letterOf(record);
  return std::nullopt;
}

std::uint64_t Engine::replay(const DeadLetterFilter& filter, std::uint64_t cap, Duration spread) {
  const Lock lock = enter();
  auto chosen = newestFirst(filter);
  std::reverse(chosen.begin(), chosen.end());
  chosen.resize(std::min<std::uint64_t>({chosen.size(), cap, kMostCounted}));
  if (chosen.empty()) return 0;
  const Duration between = bounded(spread) / static_cast<std::int64_t>(chosen.size());
  std::uint64_t replayed = 0;
  for (const auto record : chosen) {
    if (!hasRoom(record->bytes)) break;
    revive(record, between * static_cast<std::int64_t>(replayed++));
  }
  changed_.notify_all();
  return replayed;
}

std::uint64_t Engine::discard(std::span<const Uuid> ids) {
  if (ids.empty()) return 0;
  const Lock lock = enter();
  DeadLetterFilter filter;
  filter.ids.assign(ids.begin(), ids.end());
  const auto unwanted = newestFirst(filter);
  for (const auto record : unwanted) forget(dead_, record);
  return unwanted.size();
}

std::vector<DeadLetterGroup> Engine::causes(const DeadLetterFilter& filter, std::size_t limit) {
  const Lock lock = enter();
  std::map<std::string, DeadLetterGroup> groups;
  for (const auto record : newestFirst(filter)) {
    const DeadLetter& letter = record->letter;
    DeadLetterGroup& group = groups[letter.cause];
    if (group.count++ == 0) group = {letter.cause, letter.reason, 1, letter.dead_at, letter.dead_at};
    group.first_dead_at = letter.dead_at;
  }
  std::vector<DeadLetterGroup> largest;
  for (auto& [cause, group] : groups) largest.push_back(std::move(group));
  std::sort(largest.begin(), largest.end(), [](const DeadLetterGroup& a, const DeadLetterGroup& b) {
    return std::tie(b.count, b.last_dead_at, a.cause) < std::tie(a.count, a.last_dead_at, b.cause);
  });
  largest.resize(std::min(largest.size(), limit));
  return largest;
}

std::vector<Records::iterator> Engine::newestFirst(const DeadLetterFilter& filter) {
  std::vector<Records::iterator> found;
  for (auto record = dead_.begin(); record != dead_.end(); ++record)
    if (matches(filter, *record)) found.push_back(record);
  std::sort(found.begin(), found.end(), [](Records::iterator a, Records::iterator b) {
    return std::tie(b->letter.dead_at, a->event.id) < std::tie(a->letter.dead_at, b->event.id);
  });
  return found;
}

void Engine::bury(Records::iterator record, const Dead& dead) {
  DeadLetter& letter = record->letter;
  letter.reason = clipped(dead.reason);
  letter.cause = causeOf(letter.reason);
  letter.provider = clipped(dead.provider.empty() ? record->event.content.provider : dead.provider);
  letter.dead_at = letter.failures.back().at;
  dead_letters_[static_cast<std::size_t>(dead.grounds)]->add();
  bytes_ -= record->bytes;
  put(*record, Place::Dead, clock_.now());
  dead_.splice(dead_.end(), live_, record);
  if (dead_.size() > limits_.max_dead_letters) forget(dead_, dead_.begin());
}

void Engine::revive(Records::iterator record, Duration delay) {
  lift(*record);
  record->suspect = record->letter.reason == "crash_suspect";
  ++record->letter.replays;
  record->earlier_attempts += std::exchange(record->attempt, 0U);
  record->expired_alone = 0;
  record->waits.clear();
  record->born = clock_.now() + delay;
  bytes_ += record->bytes;
  const auto later =
      std::find_if(live_.begin(), live_.end(), [&](const Record& other) { return other.sequence > record->sequence; });
  live_.splice(later, dead_, record);
  readyAfter(*record, delay);
}

void Engine::forget(Records& from, Records::iterator record) {
  const Digest128 key = record->event.key;
  from.erase(record);
  keys_.at(key).held = false;
  finished_.push_back(key);
  while (!finished_.empty()) {
    const auto oldest = keys_.find(finished_.front());
    const bool gone = oldest == keys_.end() || oldest->second.held;
    if (!gone && oldest->second.until > clock_.now() && finished_.size() <= limits_.max_keys) break;
    if (!gone) keys_.erase(oldest);
    finished_.pop_front();
  }
}

}  // namespace example
