#pragma once

#include "worker/outgoing.h"
#include "worker/places.h"
#include "worker/sender_settings.h"

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// Whose messages a limit counts.
enum class LimitKind : std::uint8_t { Provider, Destination, Sender };

constexpr std::string_view word(LimitKind kind) {
  constexpr std::string_view kWords[] = {"provider", "destination", "sender"};
  return kWords[static_cast<std::size_t>(kind)];
}

/// How much may be on its way to one provider, one destination and from one sender, and how many crash suspects may be
/// at all: so that few come under suspicion again with the one that ends the process. What has no room waits aside, so
/// it holds up nobody else. With shared rates it asks no store itself: what messages ask for is `demand`, and what
/// there is of it comes back through `grant`. [any thread] [does not block]
class Limits {
public:
  using Wait = Places::Wait;

  /// A block of tokens to be leased for a name, from a bucket that fills with `rate` a second.
  struct Ask {
    LimitKind kind{};
    std::string name;  ///< may be an address
    double tokens = 0;
    double rate = 0;
  };

  explicit Limits(const LimitSettings& settings);

  /// Takes a place in each, or none and says what to wait for.
  std::optional<Wait> enter(const Outgoing& message, SteadyTime now);

  /// Gives the places back that a message has had since `entered`.
  void leave(const Outgoing& message, SteadyTime entered, SteadyTime now);

  /// It has not left, so it has needed neither its places nor what it took of the rates.
  void undo(const Outgoing& message);

  /// Other limits from now on. Who is under way keeps his places and counts, buckets stay as full as they are.
  void change(const LimitSettings& settings, SteadyTime now);

  /// Called when there is something to ask for; must not block or call back. An empty one ends it.
  void onDemand(std::function<void()> asked);

  /// What has been asked for since the last time. Each is followed by a `grant`.
  std::vector<Ask> demand();

  /// What there was of it.
  void grant(const Ask& ask, double tokens, SteadyTime now);

  /// How many names it keeps something of.
  std::size_t names() const;

private:
  std::optional<Wait> enterAll(const Outgoing& message, SteadyTime now);
  Places& placesOf(LimitKind kind);

  mutable std::mutex mutex_;
  Places providers_;
  Places destinations_;
  Places senders_;
  Places suspects_;
  std::function<void()> asked_call_;
};

}  // namespace penstock
