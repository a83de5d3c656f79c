#pragma once

#include "worker/alone_gate.h"
#include "worker/finally.h"

#include "penstock/event.h"
#include "penstock/providers.h"
#include "penstock/queue.h"
#include "penstock/store.h"

#include <map>
#include <optional>
#include <string>

namespace penstock {

/// A message on its way to its provider: on loan from the queue, kept by the store.
struct Outgoing {
  Event event;
  LeaseToken token;
  std::uint32_t attempt = 1;           ///< of this life
  std::uint32_t earlier_attempts = 0;  ///< before a person replayed it
  Duration age{};                      ///< when it was received, without the time that sending was stopped
  SteadyTime received{};
  SteadyTime lease_end{};                          ///< later it is somebody else's
  MessageStatus status = MessageStatus::Accepted;  ///< as the store had it when it was received
  ProviderTraits provider;                         ///< who is to send it
  std::string destination;                         ///< host and port its request goes to
  SendStep step = SendVerdict{};                   ///< what the provider's script wants
  bool has_left = false;                           ///< its request was handed to the transport
  bool looking_up = false;                         ///< the request asks what became of an earlier send
  bool earlier_not_sent = false;                   ///< and the answer was that none sent it
  std::optional<bool> doubtful;                    ///< an earlier attempt may have sent it, says the store
  std::string obstacle;                            ///< why nobody can send it; empty: somebody can
  WallTime started_at{};                           ///< when its step began
  SteadyTime started{};
  bool suspect = false;                   ///< a process was lost with it
  AloneGate::Passage passage;             ///< ends with it
  Finally room;                           ///< its place among those under way
  Finally pace;                           ///< its part of the pace, until it leaves
  Finally places;                         ///< its places in the limits
  Finally trial;                          ///< of its provider's breaker, when it is let through to try the provider
  std::map<std::string, Duration> waits;  ///< before this attempt, by cause

  /// Counted on over replays.
  std::uint32_t number() const { return earlier_attempts + attempt; }

  /// What an earlier attempt may have sent may be sent again.
  bool mayRepeat() const { return provider.takes_key || provider.looks_up; }

  /// Nobody knows what became of an attempt before this one, since a person replayed the message if one has.
  bool mayHaveBeenSent() const {
    const bool open = status == MessageStatus::Sending || status == MessageStatus::Unknown;
    return open && (earlier_attempts == 0 || attempt > 1);
  }

  /// What this attempt does not send an earlier one may have sent.
  bool inDoubt() const { return doubtful.value_or(mayHaveBeenSent()) && !earlier_not_sent; }

  /// An attempt before this one has an end that the store does not know, or not for sure; so it is the store's to say
  /// what becomes of a message that nobody can send.
  bool unsettled() const { return status == MessageStatus::Sending || mayHaveBeenSent(); }

  /// It does not leave now: what it has had is others' again.
  void stay() {
    pace.now();
    places.now();
    trial.now();
  }

  /// It may have been sent and nobody may send it again: all that is left is to say so.
  bool lost() const { return mayHaveBeenSent() && !mayRepeat(); }

  /// For what nobody can send the wish is one that is refused: whoever held the message is lost then, and it is
  /// unknown.
  Intent intent() const {
    if (!obstacle.empty()) return {event.id, number(), token, provider.name, false, 0};
    return {event.id, number(), token, provider.name, provider.takes_key || looking_up, earlier_attempts};
  }
};

}  // namespace penstock
