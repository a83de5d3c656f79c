#pragma once

#include "worker/breaker.h"
#include "worker/conclusion.h"
#include "worker/journal.h"
#include "worker/limits.h"
#include "worker/outgoing.h"
#include "worker/pacer.h"
#include "worker/sender_metrics.h"
#include "worker/sender_settings.h"
#include "worker/stage.h"

#include "penstock/cache.h"
#include "penstock/clock.h"
#include "penstock/health.h"
#include "penstock/log.h"
#include "penstock/policy.h"
#include "penstock/providers.h"
#include "penstock/queue.h"
#include "penstock/store.h"
#include "penstock/transport.h"

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace penstock {

class Sender;

/// Places for messages on their way, given back when it ends. Moves only. One thread at a time.
class Room {
public:
  Room() = default;
  Room(Sender& sender, std::size_t places) : sender_(&sender), places_(places) {}
  ~Room() { reset(); }
  Room(Room&& other) noexcept : sender_(other.sender_), places_(std::exchange(other.places_, 0)) {}
  Room& operator=(Room&& other) noexcept {
    if (this != &other) {
      reset();
      sender_ = other.sender_;
      places_ = std::exchange(other.places_, 0);
    }
    return *this;
  }

  std::size_t places() const { return places_; }
  /// One place is somebody else's to give back.
  void use() { --places_; }
  /// Gives back all but so many.
  void keep(std::size_t places) noexcept;

private:
  void reset() noexcept { keep(0); }

  Sender* sender_ = nullptr;
  std::size_t places_ = 0;
};

/// Takes messages that are kept to their providers: asks policy for the way and the provider's script for the request,
/// asks the store leave to send, sends, reads the answer, notes what was sent, records and settles it. Nothing waits
/// for an answer but the message itself; what has to wait for anything else goes back to the queue.
class Sender {
public:
  /// `cache` may be nullptr.
  Sender(Queue& queue, Store& store, Policy& policy, Providers& providers, Transport& transport, Clock& clock, Log log,
         Metrics& metrics, Journal& journal, const SenderSettings& settings, Cache* cache);
  ~Sender();
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  void start(HealthBoard& board);

  /// Takes them over; each is settled by and by. `room` holds a place for each; the others are given back. [any thread]
  /// [does not block, apart from scripts]
  void send(std::vector<Outgoing> messages, Room room);

  /// Places for at most so many messages. Waits until `until` for a batch that is worth a transaction, then for any;
  /// without a stop or with time left there is at least one. [any thread] [blocks]
  Room reserve(std::size_t most, SteadyTime until, const std::stop_token& stop);

  /// Begins nothing more, waits for what is on its way until the deadline, and ends the threads. What a volatile queue
  /// would lose is begun all the same until then. [blocks]
  void stop(SteadyTime deadline) noexcept;

  Pacer& pacer() { return pacer_; }
  Health health() const;

private:
  friend class Room;
  using Parcel = std::unique_ptr<Outgoing>;

  /// A message whose attempt is over, with what its provider or the transport said.
  struct Ended {
    Parcel message;
    std::variant<SendVerdict, SendOutcome> said;
  };

  /// What the queue is to be told, with what the history is to keep.
  struct Settled {
    Parcel message;
    Conclusion conclusion;
  };

  void prepare(Parcel message);
  std::optional<Conclusion> held(Outgoing& message);
  void begin(std::vector<Parcel> messages);
  void launch(Parcel message);
  void transmit(Parcel message, OutboundRequest request);
  void end(std::vector<Ended> ended);
  void answered(Parcel message, const SendVerdict& verdict, Sign sign);
  void settle(std::vector<Settled> settled);
  void record(std::span<const Attempt> attempts);
  SteadyTime giveUpAt() const;
  void release(Parcel message, Duration delay, std::string_view cause);
  void guarded(const char* doing, const std::function<void()>& work) noexcept;
  Breaker& breakerOf(const std::string& provider);
  SendVerdict verdictOf(const Ended& ended);
  void hear(Outgoing& message, const SendVerdict& verdict, Sign sign);
  void note(const Conclusion& conclusion);
  void giveBack(std::size_t places);

  Queue& queue_;
  Store& store_;
  Policy& policy_;
  Providers& providers_;
  Transport& transport_;
  Clock& clock_;
  const Log log_;
  SenderMetrics metrics_;
  Journal& journal_;
  const SenderSettings settings_;
  Cache* const cache_;
  Pacer pacer_;
  Limits limits_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::size_t taken_ = 0;                    // places, by messages or reserved; guarded by mutex_
  std::map<std::string, Breaker> breakers_;  // guarded by mutex_
  bool stopping_ = false;                    // guarded by mutex_
  SteadyTime give_up_ = SteadyTime::max();   // guarded by mutex_; nobody waits longer for the store or the queue

  Stage<Parcel> beginning_;
  Stage<Ended> ending_;
  Stage<Settled> settling_;
};

}  // namespace penstock
