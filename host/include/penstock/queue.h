#pragma once

#include "penstock/event.h"
#include "penstock/unique_function.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace penstock {

/// The engine cannot be reached or is closing; nothing was changed as far as is known. Try again later.
struct QueueUnavailable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class PublishVerdict : std::uint8_t {
  Accepted,     ///< committed: it survives what the engine promises to survive
  Duplicate,    ///< same key, same fingerprint is known; `id` is the first event's
  Conflict,     ///< same key, other fingerprint is known; `id` is the first event's
  Full,         ///< a bound is reached; nothing was stored
  Unavailable,  ///< the engine is away or closing; nothing was stored, except that a commit whose answer was lost may
                ///< be there once
};

struct PublishResult {
  PublishVerdict verdict = PublishVerdict::Unavailable;
  Uuid id{};
};

using PublishHandler = UniqueFunction<void(PublishResult)>;

/// Names one lease. Opaque to everyone but the engine; equal only to itself, never reused (the fencing token).
struct LeaseToken {
  std::array<std::uint64_t, 3> words{};
  auto operator<=>(const LeaseToken&) const = default;
};

enum class Grounds : std::uint8_t;

/// An event on loan.
struct Delivery {
  Event event;
  std::uint32_t attempt = 1;  ///< from 1, and again from 1 after a replay; counted before hand-over, so a crash counts
  std::uint32_t earlier_attempts = 0;  ///< before the last replay; 0 when it was never replayed
  LeaseToken token;
  bool alone = false;  ///< a crash suspect, the only delivery of its call: handle few of them at once
  /// How often a lease ran out that it had as a crash suspect. Unless it is 0, handle it with nothing else in flight in
  /// this worker.
  std::uint32_t expired_alone = 0;
  Duration age{};     ///< since it was published or, when replayed, was due again, by the engine's clock
  Duration waited{};  ///< time it was ready before this hand-over, by the engine's clock
  /// What it was put aside for before this attempt: the delays of its releases by their cause, and the delay of the
  /// RetryAfter before them as "retry". Kept by the engine, across restarts if it is durable. It begins with nothing
  /// when the event is published or replayed; a lease that runs out leaves it as it is, for nobody has told of that
  /// attempt. What it was held back for before earlier attempts, "paused" and "pace" together, stays as
  /// "held_earlier". A delay of zero adds nothing. At most 16 causes of 1 to 32 letters, digits, '_', '-' or '.'; all
  /// others are added up as "other". A sum stops at ten years.
  std::map<std::string, Duration> waits{};
  /// The engine has given the event up, on the grounds CrashSuspect or Unreadable, and hands it out for nothing but its
  /// end: whoever keeps track of it notes that, touches neither its content nor what might crash again, and settles it
  /// with Dead on these grounds, whose word is the reason too, or with Done when its work turns out to be finished. Of
  /// `event` no more than the id is filled in.
  std::optional<Grounds> condemned{};
};

/// The work is finished; the event leaves the queue.
struct Done {
  bool operator==(const Done&) const = default;
};
/// The attempt failed; hand out again once `delay` has passed by the engine's clock. (A delay and not an instant, so
/// that a worker with a wrong clock cannot retry too soon.)
struct RetryAfter {
  Duration delay{};
  std::string reason;
  bool operator==(const RetryAfter&) const = default;
};
/// What made a dead letter of an event, as it is counted: few words, where the reason is any text. The words are
/// rejected, gave_up, no_route, unknown, crash_suspect, unreadable, other.
enum class Grounds : std::uint8_t {
  Rejected,      ///< it can never succeed: what has to take it refuses it for good
  GaveUp,        ///< it failed too often or for too long
  NoRoute,       ///< nobody was found who could take it
  Unknown,       ///< nobody knows whether it was done, and doing it again might do it twice
  CrashSuspect,  ///< its lease ran out three times while it was alone; engines say so first, see Delivery::condemned
  Unreadable,    ///< what was stored cannot be read; engines say so first, see Delivery::condemned
  Other,
};
inline constexpr std::array kGrounds{Grounds::Rejected,     Grounds::GaveUp,     Grounds::NoRoute, Grounds::Unknown,
                                     Grounds::CrashSuspect, Grounds::Unreadable, Grounds::Other};
std::string_view word(Grounds grounds);

/// Give up: move to the dead letters.
struct Dead {
  std::string reason;
  std::string provider{};  ///< who was asked to send it; empty: nobody, and the event's own provider stands for it
  Grounds grounds = Grounds::Other;
  bool operator==(const Dead&) const = default;
};
/// Give back or park: as RetryAfter, but the attempt is not counted (pacing, pause, breaker, limits, drain).
struct Release {
  Duration delay{};
  std::string cause;  ///< a word that the delay is counted under, see Delivery::waits
  bool operator==(const Release&) const = default;
};

struct Settlement {
  LeaseToken token;
  std::variant<Done, RetryAfter, Dead, Release> outcome;
};

enum class SettleVerdict : std::uint8_t { Settled, LeaseLost };

struct QueueStats {
  /// Their time has come, those behind a leased one of their conversation included: ready + leased + scheduled are all
  /// that is live.
  std::uint64_t ready = 0;
  std::uint64_t leased = 0;
  std::uint64_t scheduled = 0;  ///< retries and parked events whose time has not come
  std::uint64_t dead = 0;
  std::uint64_t bytes = 0;      ///< held by live events, 0 where the engine does not bound bytes
  Duration oldest_ready_age{};  ///< 0 when nothing is ready
};

/// penstock.queue/1: a durable (or declared volatile) queue of events, given by an engine plugin. Every engine passes
/// tests/conformance, which states these promises as cases.
class Queue {
public:
  static constexpr std::string_view kInterface = "penstock.queue/1";
  virtual ~Queue() = default;

  /// Stores the event unless its key is known, and says so to `handler`, which is called exactly once, on any thread,
  /// possibly before publish returns. Accepted is said after the engine's commit, never before. An engine that waits
  /// for room holds the handler, not the caller. The handler must be quick and must not throw. Publishing during or
  /// after stop answers Unavailable. [any thread] [does not block]
  virtual void publish(Event event, PublishHandler handler) = 0;

  /// Leases up to `max` events for `lease`, waiting up to `wait` for the first one. Events of one conversation come in
  /// publish order, and while one of them is leased no other caller gets a later one; a retried or parked event holds
  /// nobody up. A crash suspect comes as the only delivery of its call, with `alone` set; once its lease has run out
  /// three times while it was alone it comes condemned, and the engine makes a dead letter of it by itself only when
  /// three such leases have run out too. Empty when nothing came in time, `stop` was requested, or the engine is
  /// closing.
  /// [any thread] [blocks: up to wait] [throws: QueueUnavailable]
  virtual std::vector<Delivery> receive(std::size_t max, Duration lease, Duration wait, std::stop_token stop) = 0;

  /// Ends leases. One verdict per settlement, in order; a token whose lease is gone answers LeaseLost and changes
  /// nothing. [any thread] [blocks: one round trip] [throws: QueueUnavailable; then each item was either settled or not
  /// touched]
  virtual std::vector<SettleVerdict> settle(std::span<const Settlement> settlements) = 0;

  /// Whether what was accepted outlives the process. Workers empty a queue that does not before they stop. [any thread]
  virtual bool durable() const noexcept { return true; }

  /// Counts kept by the engine; never counts rows.
  /// [any thread] [blocks: briefly] [throws: QueueUnavailable]
  virtual QueueStats stats() = 0;
};

}  // namespace penstock
