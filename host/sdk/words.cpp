#include "penstock/event.h"
#include "penstock/queue.h"
#include "penstock/store.h"

#include <array>
#include <cstddef>

namespace penstock {
namespace {

constexpr std::array<std::string_view, 3> kKinds{"outbound_message", "inbound_message", "delivery_status"};
constexpr std::array<std::string_view, 2> kChannels{"sms", "email"};
constexpr std::array<std::string_view, 3> kTypes{"sms", "mms", "email"};
constexpr std::array<std::string_view, 9> kStatuses{"accepted", "sending", "unknown", "sent",    "delivered",
                                                    "read",     "failed",  "dead",    "received"};
constexpr std::array<std::string_view, kGrounds.size()> kGroundWords{
    "rejected", "gave_up", "no_route", "unknown", "crash_suspect", "unreadable", "other"};
constexpr std::array<std::string_view, 3> kOutcomes{"sent", "not_sent", "unknown"};
constexpr std::array<std::string_view, 3> kEnds{"open", "failed", "dead"};

template <typename Enum, std::size_t Count>
std::optional<Enum> find(const std::array<std::string_view, Count>& words, std::string_view wanted) {
  for (std::size_t i = 0; i < Count; ++i)
    if (words[i] == wanted) return static_cast<Enum>(i);
  return std::nullopt;
}

}  // namespace

std::string_view word(Kind kind) { return kKinds.at(static_cast<std::size_t>(kind)); }
std::string_view word(Channel channel) { return kChannels.at(static_cast<std::size_t>(channel)); }
std::string_view word(MessageType type) { return kTypes.at(static_cast<std::size_t>(type)); }
std::string_view word(MessageStatus status) { return kStatuses.at(static_cast<std::size_t>(status)); }
std::string_view word(AttemptEnd end) { return kEnds.at(static_cast<std::size_t>(end)); }

std::optional<AttemptEnd> parseAttemptEnd(std::string_view text) { return find<AttemptEnd>(kEnds, text); }

std::string_view word(AttemptOutcome outcome) { return kOutcomes.at(static_cast<std::size_t>(outcome)); }

std::string_view word(Grounds grounds) { return kGroundWords.at(static_cast<std::size_t>(grounds)); }

std::optional<Kind> parseKind(std::string_view text) { return find<Kind>(kKinds, text); }
std::optional<Channel> parseChannel(std::string_view text) { return find<Channel>(kChannels, text); }
std::optional<MessageType> parseMessageType(std::string_view text) { return find<MessageType>(kTypes, text); }
std::optional<MessageStatus> parseMessageStatus(std::string_view text) { return find<MessageStatus>(kStatuses, text); }
std::optional<AttemptOutcome> parseAttemptOutcome(std::string_view text) {
  return find<AttemptOutcome>(kOutcomes, text);
}

}  // namespace penstock
