#include "memory-queue/memory_queue.h"

#include <utility>

namespace penstock::memory_queue {
namespace {

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

DeadLetterPage MemoryQueue::list(const DeadLetterFilter& filter, Page page) {
  DeadLetterPage result;
  auto letters = step([&](const Moment&, Aftermath&) { return state_.letters(filter, page, result.total); });
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
  return step([&](const Moment& moment, Aftermath&) { return state_.replay(filter, cap, spread, moment); });
}

std::uint64_t MemoryQueue::discard(std::span<const Uuid> ids) {
  return step([&](const Moment& moment, Aftermath& aftermath) { return state_.discard(ids, moment, aftermath); });
}

std::vector<DeadLetterGroup> MemoryQueue::causes(const DeadLetterFilter& filter, std::size_t limit) {
  return step([&](const Moment&, Aftermath&) { return state_.causes(filter, limit); });
}

}  // namespace penstock::memory_queue
