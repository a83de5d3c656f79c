#include "http-ingest/mock_inbound.h"

#include <optional>
#include <string>
#include <string_view>

namespace penstock {

namespace {

constexpr std::string_view kPattern = "/api/provider/mock/inbound";
constexpr std::string_view kRoute = "provider/mock/inbound";
constexpr SendingCall kPhone{kPattern, Kind::InboundMessage, Channel::Sms, kRoute, "mock", "messaging_provider_id"};
constexpr SendingCall kEmail{kPattern, Kind::InboundMessage, Channel::Email, kRoute, "mock", "xillio_id"};

/// sms, mms or email in any case.
std::optional<MessageType> typeIn(const boost::json::value& value) {
  constexpr std::size_t kLongest = 5;
  const boost::json::string* text = value.if_string();
  if (text == nullptr || text->size() > kLongest) return std::nullopt;
  std::string lower(text->data(), text->size());
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return parseMessageType(lower);
}

}  // namespace

std::variant<const SendingCall*, Fault> mockInboundCall(boost::json::object& members) {
  const boost::json::value* channel = members.if_contains("channel");
  if (channel == nullptr || channel->is_null()) return Fault{"channel", "is required"};
  const auto type = typeIn(*channel);
  if (!type) return Fault{"channel", "must be \"sms\", \"mms\" or \"email\""};
  members.stable_erase("channel");
  if (*type == MessageType::Email) return &kEmail;
  if (*type == MessageType::Mms) {
    boost::json::value& stated = members["type"];
    if (!stated.is_null() && typeIn(stated) != MessageType::Mms)
      return Fault{"type", "must be \"mms\" or absent on this channel"};
    stated = "mms";
  }
  return &kPhone;
}

}  // namespace penstock
