#pragma once

#include "penstock/event.h"
#include "penstock/http.h"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// A request as parsed, before the policy has seen it. Views hold for the call only.
struct Draft {
  Kind kind = Kind::OutboundMessage;
  Channel channel = Channel::Sms;
  std::string_view route;                        ///< scope of the key, such as messages/sms
  const boost::json::object* members = nullptr;  ///< the request's members as sent; unknown ones become metadata
  std::string_view provider{};                   ///< inbound: who reports it; empty for outbound
  std::string_view provider_id_member{};         ///< inbound: name of the member with the provider's message id
  std::optional<std::string_view> client_key{};  ///< Idempotency-Key header, unquoted and checked; outbound only
  std::string_view request_id{};
};

struct Admission {
  enum class Verdict : std::uint8_t {
    Admitted,  ///< `event` is ready to publish
    Rejected,  ///< `faults` says everything that is wrong with the draft
    Failed,    ///< a script failed; nothing may be enqueued: answer 503. The cause is logged and counted
  };
  Verdict verdict = Verdict::Failed;
  Event event{};
  std::vector<Fault> faults{};
};

/// What retry.lua is asked.
struct RetryQuestion {
  std::uint32_t number = 1;               ///< attempt that failed last; 0: none has, but the message has waited
  Duration age{};                         ///< since the event was accepted or last replayed, without stops of sending
  std::string_view outcome;               ///< not_sent, unknown, or failed (before sending)
  int status = 0;                         ///< HTTP status, 0 for none
  std::optional<Duration> retry_after{};  ///< the provider's wish
  std::string_view provider{};
};

/// Which provider is to send a message.
struct Routing {
  enum class Verdict : std::uint8_t {
    Routed,
    NoRoute,  ///< nobody sends such a message: it becomes a dead letter
    Failed,   ///< route.lua failed or named a provider that is not configured; try later. Counted and logged
  };
  Verdict verdict = Verdict::Failed;
  std::string provider{};  ///< when routed
};

/// penstock.policy/1: the Lua scripts, given by the host. Each thread that calls has a sandboxed state of its own, made
/// on its first call and again after a reload.
class Policy {
public:
  static constexpr std::string_view kInterface = "penstock.policy/1";
  virtual ~Policy() = default;

  /// Validates, derives key, fingerprint and conversation, and makes the event. Microseconds; bounded by the script
  /// deadline. [any thread] [does not block]
  virtual Admission admit(const Draft& draft) = 0;

  /// When to try again; nothing means give up. Falls back to the built-in backoff when the script fails.
  /// [any thread] [does not block]
  virtual std::optional<Duration> retry(const RetryQuestion& question) = 0;

  /// Asks route.lua who sends the message. [any thread] [does not block]
  virtual Routing route(const Event& event) = 0;

  /// Text fit for a log. When the script fails the text is dropped and the answer says so.
  /// [any thread] [does not block]
  virtual std::string redact(std::string_view text) = 0;

  /// Hash of the scripts and settings in force. [any thread]
  virtual Digest128 hash() const = 0;
};

/// Comparable form of an address of the channel: phone numbers as + and digits, short codes as digits, sender names as
/// they are, e-mail addresses lower-case without +tag. Nothing when it is none. [any thread]
std::optional<std::string> comparableAddress(Channel channel, std::string_view text);

}  // namespace penstock
