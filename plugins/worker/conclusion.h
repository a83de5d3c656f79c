#pragma once

#include "worker/outgoing.h"

#include "penstock/policy.h"
#include "penstock/transport.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace penstock {

/// What an attempt leaves behind: in the message's history, and for the queue.
struct Conclusion {
  std::optional<Attempt> attempt;
  std::variant<Done, RetryAfter, Dead, Release> outcome;
};

/// What a send that got no readable answer means. Only what certainly has not left may be repeated without asking.
SendVerdict verdictOf(const SendFailure& failure);

/// What the end of a send says about its provider, which a breaker counts.
enum class Sign : std::uint8_t {
  Works,  ///< it answered, be it that it refuses this message or asks for patience
  Fails,  ///< it did not answer, or says that it cannot
  None,   ///< it was never asked
};
Sign signOf(const SendVerdict& verdict);
/// A request that could not be written, was not allowed or found no room here was not the provider's fault.
Sign signOf(const SendOutcome& outcome, const SendVerdict& verdict);

/// What becomes of a message after its provider's verdict, by the rules for outcomes: sent is done; not sent is retried
/// as policy says unless it is final; unknown is only tried again with a provider that recognises a repetition or can
/// be asked. What is given up goes to the dead letters, as unknown if an earlier attempt may have sent it. `now`: by
/// the host's clock.
Conclusion conclude(const Outgoing& message, const SendVerdict& verdict, SteadyTime now, Policy& policy);

/// Without an end: the message is tried again soon, for `reason`, although policy gives it up.
Conclusion postponed(Conclusion conclusion, const std::string& reason);

/// What becomes of a message that may not be sent because its status is `status`: it was sent meanwhile, or ended and
/// its end was not settled, or what became of an earlier attempt is unknown. `provider`: who is to send it, if known;
/// `obstacle`: why nobody can.
Conclusion refused(MessageStatus status, const std::string& provider, const std::string& obstacle = {});

inline constexpr std::string_view kNoRoute = "no route";

/// Nobody can send such a message, and no attempt since a person replayed it may have sent it.
Conclusion unrouted(const Outgoing& message, WallTime now);

}  // namespace penstock
