#pragma once

#include "worker/finally.h"

#include "penstock/event.h"
#include "penstock/providers.h"
#include "penstock/queue.h"
#include "penstock/store.h"

#include <map>
#include <string>

namespace penstock {

/// A message on its way to its provider: on loan from the queue, kept by the store.
struct Outgoing {
  Event event;
  LeaseToken token;
  std::uint32_t attempt = 1;           ///< of this life
  std::uint32_t earlier_attempts = 0;  ///< before a person replayed it
  Duration age{};                      ///< when it was received
  SteadyTime received{};
  SteadyTime lease_end{};                          ///< later it is somebody else's
  MessageStatus status = MessageStatus::Accepted;  ///< as the store had it when it was received
  ProviderTraits provider;                         ///< who is to send it
  std::string destination;                         ///< host and port its request goes to
  SendStep step = SendVerdict{};                   ///< what the provider's script wants
  bool looking_up = false;                         ///< the request asks what became of an earlier send
  WallTime started_at{};                           ///< when its step began
  SteadyTime started{};
  Finally room;                           ///< its place among those under way
  Finally places;                         ///< its places in the limits
  Finally trial;                          ///< what its provider's breaker has let through
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

  Intent intent() const { return {event.id, number(), token, provider.name, mayRepeat(), earlier_attempts}; }
};

}  // namespace penstock
