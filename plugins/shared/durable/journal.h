#pragma once

#include "shared/durable/item.h"

#include "penstock/dead_letters.h"
#include "penstock/queue.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace penstock::durable {

class Window;

/// An event that is to be published, and the answer.
struct Publication {
  explicit Publication(const Event& event);

  Uuid id;
  Digest128 key;
  Digest128 fingerprint;
  Digest128 conversation;  ///< hash of customer and conversation: names chosen by strangers cannot collide
  std::string customer;
  std::string provider;  ///< who reported it
  Kind kind;
  std::string text;  ///< serialised
  PublishResult result{};
  bool hopeless = false;  ///< Full, and no waiting would help
};

/// What a journal found for this process to hand out.
struct Intake {
  std::vector<std::unique_ptr<Item>> items;
  bool more = false;  ///< a further read finds more
};

/// What became of a leased event.
enum class Fate : std::uint8_t {
  Gone,       ///< done, dead, or away until its time comes
  Buried,     ///< a lease that ran out made a dead letter of it
  Ready,      ///< to be handed out again now
  LeaseLost,  ///< the lease had ended before; nothing was changed
  Leased,     ///< still leased: asked too soon
};

/// The end of a lease as its holder wants it, and what became of it.
struct Ending {
  Item* item;
  const Settlement* settlement;
  Fate fate = Fate::LeaseLost;
};

/// How long a read of dead letters may take; one that takes longer is QueueUnavailable, with tookTooLong().
inline constexpr auto kReadLimit = std::chrono::seconds(2);
std::string tookTooLong();

/// Where a durable engine keeps its events. All methods may block; those that throw QueueUnavailable have then changed
/// nothing, or everything that they were asked to.
class Journal {
public:
  virtual ~Journal() = default;

  /// Commits the events whose keys are not known, in order, and sets every result. [the committer's thread]
  virtual void publish(std::span<Publication> batch) = 0;

  /// Comes before a round of reading and handing out, while nothing is taken from the window: finds out what this
  /// process may hand out, and takes from the window what it may not any more. [the dispatcher's thread, as all below]
  virtual void prepare(Window& /*window*/) {}
  /// Events that are ready and not yet in `window`, at most `room` and hardly more than `bytes`.
  virtual Intake read(std::size_t room, std::uint64_t bytes, Window& window) = 0;
  /// When a read may find more although nobody has said so.
  virtual SteadyTime due() = 0;
  /// Commits that these are handed out, each with one more attempt, and gives each its lease number.
  virtual void handOver(std::span<Item* const> items, Duration lease) = 0;
  /// Commits how leases ended and sets every fate.
  virtual void settle(std::span<Ending> endings) = 0;
  /// Commits that these leases have run out: their events become suspects, condemned when they ran out alone too often,
  /// or dead when that was of no use.
  virtual std::vector<Fate> expire(std::span<Item* const> items) = 0;
  /// What has to be done now and then: retention, expired keys, signs of life.
  virtual void tidy(Window& window) = 0;
  /// Nothing more will be handed out.
  virtual void leave(Window& /*window*/) {}
  virtual QueueStats stats(const Window& window) = 0;

  /// Makes the dead letters that the filter names by their ids ready again, oldest first and as far as there is room:
  /// the first once `first` has passed, each further one `step` later. Returns how many.
  virtual std::uint64_t replay(const DeadLetterFilter& filter, Duration first, Duration step) = 0;
  virtual std::uint64_t discard(std::span<const Uuid> ids) = 0;

  /// Reads run beside all of the above, on a session of their own, and give up after kReadLimit.
  /// [any thread, one at a time, as all below]
  virtual DeadLetterPage list(const DeadLetterFilter& filter, Page page) = 0;
  virtual std::optional<DeadLetter> get(const Uuid& id) = 0;
  virtual std::vector<DeadLetterGroup> causes(const DeadLetterFilter& filter, std::size_t limit) = 0;
  /// The ids of at most `cap` dead letters that match, oldest first.
  virtual std::vector<Uuid> choose(const DeadLetterFilter& filter, std::uint64_t cap) = 0;
};

}  // namespace penstock::durable
