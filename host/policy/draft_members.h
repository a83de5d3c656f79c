#pragma once

#include "penstock/policy.h"

#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace penstock {

/// A draft's members sorted into those that mean something and the rest. Absent and null are both nullptr. Points into
/// the draft.
struct DraftMembers {
  using Value = boost::json::value;
  const Value* from = nullptr;
  const Value* to = nullptr;
  const Value* body = nullptr;
  const Value* type = nullptr;
  const Value* subject = nullptr;  ///< e-mail only; elsewhere it is an unknown member
  const Value* attachments = nullptr;
  const Value* timestamp = nullptr;
  const Value* sent_at = nullptr;
  const Value* customer = nullptr;
  const Value* idempotency_key = nullptr;
  const Value* metadata = nullptr;
  const Value* provider_message_id = nullptr;
  std::vector<const boost::json::key_value_pair*> unknown;
};

/// Sorts the members, and leaves out, with a fault, each that has a text no event may carry.
DraftMembers sortMembers(const Draft& draft, std::vector<Fault>& faults);

/// Unknown members and `metadata` as one: calls add(name, value) for each; an explicit metadata member wins.
template <typename Add>
void forEachMetadata(const DraftMembers& members, Add add) {
  const auto* explicit_members = members.metadata != nullptr ? members.metadata->if_object() : nullptr;
  if (explicit_members != nullptr) {
    for (const auto& member : *explicit_members) add(member.key(), member.value());
  }
  for (const auto* member : members.unknown) {
    if (explicit_members == nullptr || !explicit_members->contains(member->key())) add(member->key(), member->value());
  }
}

/// The event's metadata: a JSON object as text, empty when there is none.
std::string metadataText(const DraftMembers& members);

}  // namespace penstock
