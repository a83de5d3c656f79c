#pragma once

#include "penstock/page.h"
#include "penstock/queue.h"

#include <optional>

namespace penstock {

/// One failed attempt of an event.
struct Failure {
  WallTime at{};              ///< by the engine's clock
  std::uint32_t attempt = 0;  ///< attempt that failed
  std::string reason;
  bool operator==(const Failure&) const = default;
};

/// A short name of what a reason says: 16 lower-case hexadecimal digits, equal for reasons that differ only in what
/// varies from one event to the next: numbers, hexadecimal digits, UUIDs, addresses, what stands in quotes, white
/// space. Made from SHA-256 of the rest, so it is the same in every process and on every engine. [any thread]
std::string causeOf(std::string_view reason);

/// An event that was given up, with everything needed to judge and replay it.
struct DeadLetter {
  Event event;
  std::string reason;               ///< why it was given up: the Dead reason, crash_suspect, …
  std::string cause;                ///< causeOf(reason) as it was when the event died
  std::string provider{};           ///< who was asked to send it, else who reported it; empty: nobody
  std::uint32_t attempts = 0;       ///< over all its lives
  std::uint32_t replays = 0;        ///< how often it has been replayed before
  std::vector<Failure> failures{};  ///< oldest first, at most the last 50, kept through replays
  WallTime dead_at{};               ///< by the engine's clock
};

/// Which dead letters; an absent member matches all.
struct DeadLetterFilter {
  std::vector<Uuid> ids{};  ///< empty: any
  std::optional<std::string> customer{};
  std::optional<std::string> reason{};  ///< whole text
  std::optional<std::string> provider{};
  std::optional<std::string> cause{};
  std::optional<Kind> kind{};
  std::optional<WallTime> dead_since{};   ///< inclusive
  std::optional<WallTime> dead_before{};  ///< exclusive
};

/// As far as matching dead letters are counted, grouped or chosen in one call, so that a call costs about the same
/// however many there are.
inline constexpr std::uint64_t kMostCounted = 100'000;

struct DeadLetterPage {
  std::vector<DeadLetter> items{};  ///< newest first, id breaks ties
  std::uint64_t total = 0;          ///< that match the filter; kMostCounted: so many or more
};

/// Dead letters that died of the same thing.
struct DeadLetterGroup {
  std::string cause;
  std::string reason;       ///< that of the newest of them
  std::uint64_t count = 0;  ///< that match the filter, among the newest kMostCounted that do
  WallTime first_dead_at{};
  WallTime last_dead_at{};
};

/// penstock.dead-letters/1: given by every engine. Dead letters are kept for the engine's configured retention. No call
/// keeps events from being handed out or settled for longer than a moment; one that would have to look at too much for
/// that is QueueUnavailable, with a sentence that says so.
class DeadLetters {
public:
  static constexpr std::string_view kInterface = "penstock.dead-letters/1";
  virtual ~DeadLetters() = default;

  /// [any thread] [blocks] [throws: QueueUnavailable]
  virtual DeadLetterPage list(const DeadLetterFilter& filter, Page page) = 0;

  /// [any thread] [blocks] [throws: QueueUnavailable]
  virtual std::optional<DeadLetter> get(const Uuid& id) = 0;

  /// Makes up to `cap` matching dead letters ready again, at most kMostCounted, oldest first, evenly spread over
  /// `spread` from now. Each keeps its id, key and history and starts with attempt 1. They come back in several steps,
  /// between which others may be handed out. Returns how many were replayed: fewer when there is no room for more, or
  /// when the engine goes away between two steps. [any thread] [blocks] [throws: QueueUnavailable; then none was]
  virtual std::uint64_t replay(const DeadLetterFilter& filter, std::uint64_t cap, Duration spread) = 0;

  /// Removes dead letters for good; unknown ids are passed over. Returns how many were removed.
  /// [any thread] [blocks] [throws: QueueUnavailable]
  virtual std::uint64_t discard(std::span<const Uuid> ids) = 0;

  /// What the newest kMostCounted matching dead letters died of, at most `limit` groups: the largest first, then the
  /// one that grew last, then by cause. [any thread] [blocks] [throws: QueueUnavailable]
  virtual std::vector<DeadLetterGroup> causes(const DeadLetterFilter& filter, std::size_t limit) = 0;
};

}  // namespace penstock
