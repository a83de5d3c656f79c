#pragma once

#include "penstock/event.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock {

/// A provider's request to us. Views hold for the call only.
struct WebhookRequest {
  std::string_view query{};                                                  ///< as sent, without the question mark
  std::span<const std::pair<std::string_view, std::string_view>> headers{};  ///< names in lower case, values trimmed
  std::string_view body{};
  std::string_view request_id{};
};

/// A message that a provider received for us: a draft's members; kProviderIdMember holds the provider's id.
struct ReceivedMessage {
  Channel channel = Channel::Sms;
  boost::json::object members{};
};

/// What became of a message that we sent: a draft's members, provider_message_id, status and perhaps error and, where
/// the provider gives our own id back, message_id. A message_id that is no UUID is ignored and counted.
struct DeliveryReport {
  boost::json::object members{};
};

/// What a provider's script makes of a request.
struct WebhookReading {
  enum class Verdict : std::uint8_t {
    Read,        ///< what it reports is below, and how to answer once all of it is accepted
    NoReceiver,  ///< there is no such provider, or it has no webhooks: answer 404
    Forged,      ///< it is not from the provider: answer 403
    Failed,      ///< the script failed: answer 503, the provider tries again. Counted and logged
  };
  Verdict verdict = Verdict::Failed;
  std::vector<ReceivedMessage> messages{};
  std::vector<DeliveryReport> reports{};
  unsigned status = 200;                               ///< 2xx, or 4xx for a request that makes no sense
  std::string_view content_type = "application/json";  ///< a literal
  std::string body{};
};

/// penstock.provider-webhooks/1: what providers post to us, read by their scripts; given by the host. Nothing of an
/// unverified request reaches the script's reading part.
class ProviderWebhooks {
public:
  static constexpr std::string_view kInterface = "penstock.provider-webhooks/1";
  static constexpr std::string_view kProviderIdMember = "provider_message_id";
  virtual ~ProviderWebhooks() = default;

  /// Verifies the request, then reads it. [any thread] [does not block]
  virtual WebhookReading read(std::string_view provider, const WebhookRequest& request) = 0;
};

}  // namespace penstock
