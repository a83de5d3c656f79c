#pragma once

#include "penstock/identity.h"
#include "penstock/time.h"

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// What happened. The words of the serialised form are outbound_message, inbound_message, delivery_status.
enum class Kind : std::uint8_t { OutboundMessage, InboundMessage, DeliveryStatus };

/// Where a conversation lives: sms holds both sms and mms messages.
enum class Channel : std::uint8_t { Sms, Email };

/// What a message is.
enum class MessageType : std::uint8_t { Sms, Mms, Email };

/// What the sender wrote, or what the provider reported.
struct Content {
  Channel channel = Channel::Sms;
  MessageType type = MessageType::Sms;
  std::string from{};  ///< phone as + and digits, short code, sender name, or e-mail address as written
  std::string to{};
  std::string subject{};                   ///< e-mail only
  std::string body{};                      ///< UTF-8 without U+0000, byte for byte as sent
  std::vector<std::string> attachments{};  ///< absolute http or https URLs
  WallTime timestamp{};                    ///< the sender's, or the time of admission
  std::string provider{};                  ///< inbound_message and delivery_status: who reported it
  std::string provider_message_id{};       ///< inbound_message and delivery_status: the provider's own id
  std::string status{};                    ///< delivery_status: the reported status
  std::optional<Uuid> message_id{};        ///< delivery_status: our own id of the message, if the report names it
  std::string metadata{};                  ///< a JSON object as text; empty means {}

  bool operator==(const Content&) const = default;
};

/// An admitted draft. Immutable from admission on; what queues carry and stores keep.
struct Event {
  static constexpr std::uint32_t kSchemaVersion = 1;

  std::uint32_t schema_version = kSchemaVersion;
  Kind kind = Kind::OutboundMessage;
  Uuid id{};                    ///< the message's id from now on
  std::string customer{};       ///< scope of key and conversation
  Digest128 key{};              ///< idempotency key, already scoped to customer and route
  Digest128 fingerprint{};      ///< of the content; equal key and fingerprint means duplicate
  std::string conversation{};   ///< the thread it belongs to, such as sms:+1555…<->+1666…
  std::string participant_a{};  ///< the two participants in comparable form, sorted
  std::string participant_b{};
  Digest128 policy{};        ///< hash of the policy that admitted it
  WallTime accepted_at{};    ///< time of admission
  std::string request_id{};  ///< X-Request-Id of the request it came from
  Content content{};

  bool operator==(const Event&) const = default;
};

/// An event's text cannot be read: malformed, a member missing, or a schema version this build does not know.
struct UnreadableEvent : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The one serialised form: a JSON object, UTF-8, members as in Event with content flattened; times in microseconds
/// since 1970; digests and ids as text. Readers ignore members they do not know and accept every schema_version up to
/// their own, so a later version reads what an earlier one stored. [any thread]
std::string serialize(const Event& event);

/// Reads the serialised form. [any thread] [throws: UnreadableEvent]
Event parseEvent(std::string_view text);

/// The words used in JSON, SQL and labels.
std::string_view word(Kind kind);
std::string_view word(Channel channel);
std::string_view word(MessageType type);
std::optional<Kind> parseKind(std::string_view word);
std::optional<Channel> parseChannel(std::string_view word);
std::optional<MessageType> parseMessageType(std::string_view word);

}  // namespace penstock
