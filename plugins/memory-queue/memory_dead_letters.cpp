#include "memory-queue/memory_queue.h"

#include "shared/dispatch/cause_tally.h"

#include <algorithm>
#include <utility>

namespace penstock::memory_queue {
namespace {

constexpr std::size_t kLettersAStep = 256;

Event readable(const Letter& letter) {
  try {
    return parseEvent(*letter.text);
  } catch (const UnreadableEvent&) {
    Event known;
    known.id = letter.id;
    known.kind = letter.kind;
    known.customer = letter.customer;
    return known;
  }
}

DeadLetter deadLetter(Letter letter) {
  DeadLetter dead;
  dead.event = readable(letter);
  dead.reason = std::move(letter.history.reason);
  dead.cause = std::move(letter.history.cause);
  dead.provider = std::move(letter.history.provider);
  dead.attempts = letter.attempts;
  dead.replays = letter.history.replays;
  dead.failures = std::move(letter.history.failures);
  dead.dead_at = letter.history.dead_at;
  return dead;
}

}  // namespace

/// Each step looks at a few, so that nobody waits long for the mutex.
void MemoryQueue::eachLetter(const DeadLetterFilter& filter, DeadWalk::Order order,
                             const std::function<bool(const Record&)>& visit) {
  DeadWalk walk{.order = order};
  while (step([&](const Moment&, Aftermath&) { return state_.walk(filter, walk, kLettersAStep, visit); })) {
  }
}

DeadLetterPage MemoryQueue::list(const DeadLetterFilter& filter, Page page) {
  std::vector<Letter> letters;
  std::uint64_t seen = 0;
  const std::uint64_t enough = std::max(kMostCounted, page.offset() + page.size);
  eachLetter(filter, DeadWalk::Order::NewestFirst, [&](const Record& record) {
    if (seen++ >= page.offset() && letters.size() < page.size) letters.push_back(letterOf(record));
    return seen < enough;
  });
  DeadLetterPage result;
  result.total = std::min(seen, kMostCounted);
  result.items.reserve(letters.size());
  for (Letter& letter : letters) result.items.push_back(deadLetter(std::move(letter)));
  return result;
}

std::optional<DeadLetter> MemoryQueue::get(const Uuid& id) {
  auto letter = step([&](const Moment&, Aftermath&) { return state_.letter(id); });
  if (!letter) return std::nullopt;
  return deadLetter(std::move(*letter));
}

std::uint64_t MemoryQueue::replay(const DeadLetterFilter& filter, std::uint64_t cap, Duration spread) {
  const std::uint64_t most = std::min(cap, kMostCounted);
  std::vector<Uuid> chosen;
  if (most > 0)
    eachLetter(filter, DeadWalk::Order::OldestFirst, [&](const Record& record) {
      chosen.push_back(record.id);
      return chosen.size() < most;
    });
  if (chosen.empty()) return 0;
  const Duration between = bounded(spread) / static_cast<std::int64_t>(chosen.size());
  DeadLetterFilter some = filter;
  std::uint64_t replayed = 0;
  for (std::size_t begin = 0; begin < chosen.size(); begin += kLettersAStep) {
    const std::size_t end = std::min(chosen.size(), begin + kLettersAStep);
    some.ids.assign(chosen.begin() + static_cast<std::ptrdiff_t>(begin),
                    chosen.begin() + static_cast<std::ptrdiff_t>(end));
    const Duration first = between * static_cast<std::int64_t>(begin);
    const std::uint64_t moved =
        step([&](const Moment& moment, Aftermath&) { return state_.replay(some, first, between, moment); });
    if (moved == 0) break;
    replayed += moved;
  }
  return replayed;
}

std::uint64_t MemoryQueue::discard(std::span<const Uuid> ids) {
  std::uint64_t removed = 0;
  for (std::size_t begin = 0; begin < ids.size(); begin += kLettersAStep) {
    const auto some = ids.subspan(begin, std::min(kLettersAStep, ids.size() - begin));
    removed +=
        step([&](const Moment& moment, Aftermath& aftermath) { return state_.discard(some, moment, aftermath); });
  }
  return removed;
}

std::vector<DeadLetterGroup> MemoryQueue::causes(const DeadLetterFilter& filter, std::size_t limit) {
  dispatch::CauseTally tally;
  std::uint64_t seen = 0;
  eachLetter(filter, DeadWalk::Order::NewestFirst, [&](const Record& record) {
    const History& history = *record.history;
    tally.add(history.cause, history.reason, history.dead_at);
    return ++seen < kMostCounted;
  });
  return std::move(tally).largest(limit);
}

}  // namespace penstock::memory_queue
