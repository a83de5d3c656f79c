#pragma once

#include "policy/draft_members.h"

#include <optional>

namespace penstock {

/// A valid draft in the one form that keys, conversations and events are made from. Views point into the draft.
struct NormalDraft {
  MessageType type = MessageType::Sms;
  std::string from;  ///< as the event keeps it
  std::string to;
  std::string sender;  ///< comparable form of `from`
  std::string recipient;
  std::string_view subject;
  std::string_view body;
  std::vector<std::string_view> attachments;
  WallTime timestamp{};
  bool timestamp_given = false;
  std::string_view customer;
  std::string_view provider_message_id;
  std::optional<std::string_view> client_key;  ///< replaces idempotency.lua
};

/// The customer of requests that name none.
inline constexpr std::string_view kDefaultCustomer = "default";

/// Normalises what validate.lua let through. A lax script can let anything through: what an event cannot carry is a
/// fault here, so that the SDK's promises never hang on a script.
NormalDraft normalise(const Draft& draft, const DraftMembers& members, WallTime now, std::vector<Fault>& faults);

}  // namespace penstock
