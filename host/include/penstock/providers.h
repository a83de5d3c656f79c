#pragma once

#include "penstock/event.h"
#include "penstock/store.h"
#include "penstock/transport.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace penstock {

/// How much may go to a provider; 0: it says nothing, and what the worker is configured with holds.
struct ProviderLimits {
  static constexpr std::int64_t kMostPerMinute = 100'000'000;
  static constexpr std::int64_t kMostAtOnce = 100'000;

  std::int64_t per_minute = 0;  ///< messages, up to kMostPerMinute
  std::int64_t at_once = 0;     ///< messages on their way, up to kMostAtOnce

  bool operator==(const ProviderLimits&) const = default;
};

/// What a provider's script says of itself.
struct ProviderTraits {
  std::string name;
  bool takes_key = false;  ///< it recognises a repeated request by our key, so a send that may have left is repeated
  bool looks_up = false;   ///< it can be asked what became of a send
  bool receives = false;   ///< it has webhooks: inbound messages or delivery reports
  ProviderLimits limits{};
};

/// How a send ended, as the provider's script reads it.
struct SendVerdict {
  AttemptOutcome outcome = AttemptOutcome::Unknown;
  std::string provider_message_id{};      ///< when sent
  std::string reason{};                   ///< when not: for people, without addresses or content
  bool retryable = false;                 ///< NotSent: another attempt may succeed
  std::optional<Duration> retry_after{};  ///< NotSent: the provider's wish
  int http_status = 0;                    ///< 0: no answer
};

/// Either a request for the transport, or a verdict without the network.
using SendStep = std::variant<OutboundRequest, SendVerdict>;

/// penstock.providers/1: the provider scripts, given by the host. Each thread that calls has a sandboxed state of its
/// own. A script that fails is counted and logged, and costs only its call: before anything was sent the verdict is
/// NotSent and retryable, afterwards it is Unknown.
class Providers {
public:
  static constexpr std::string_view kInterface = "penstock.providers/1";
  virtual ~Providers() = default;

  /// The configured providers, by name. [any thread] [does not block]
  virtual std::vector<ProviderTraits> list() = 0;

  /// One of them. [any thread] [does not block]
  virtual std::optional<ProviderTraits> traits(std::string_view provider) = 0;

  /// What to send for this attempt at the event's message. NotSent and final when there is no such provider.
  /// [any thread] [does not block]
  virtual SendStep request(std::string_view provider, const Event& event, std::uint32_t attempt) = 0;

  /// What to ask about a send of which nobody knows what became; only for a provider that looks up.
  /// [any thread] [does not block]
  virtual SendStep lookup(std::string_view provider, const Event& event) = 0;

  /// What the answer to a request, or to a lookup, means. For a lookup NotSent says that the message may be sent again.
  /// [any thread] [does not block]
  virtual SendVerdict conclude(std::string_view provider, const Event& event, const OutboundResponse& answer,
                               bool of_lookup) = 0;
};

}  // namespace penstock
