#include "policy/draft_members.h"

#include "penstock/json.h"
#include "policy/clean_text.h"

#include <boost/json/serialize.hpp>

namespace penstock {
namespace {

/// Where a member of this name goes, or nullptr for an unknown one.
const boost::json::value** place(const Draft& draft, DraftMembers& members, std::string_view name) {
  if (name == "from") return &members.from;
  if (name == "to") return &members.to;
  if (name == "body") return &members.body;
  if (name == "type") return &members.type;
  if (name == "attachments") return &members.attachments;
  if (name == "timestamp") return &members.timestamp;
  if (name == "sentAt") return &members.sent_at;
  if (name == "customerId") return &members.customer;
  if (name == "idempotencyKey") return &members.idempotency_key;
  if (name == "metadata") return &members.metadata;
  if (name == "subject" && draft.channel == Channel::Email) return &members.subject;
  if (draft.kind == Kind::InboundMessage && name == draft.provider_id_member) return &members.provider_message_id;
  return nullptr;
}

}  // namespace

DraftMembers sortMembers(const Draft& draft, std::vector<Fault>& faults) {
  DraftMembers members;
  if (draft.members == nullptr) return members;
  for (const auto& member : *draft.members) {
    const std::string_view name(member.key().data(), member.key().size());
    const TextFault name_fault = faultOf(name);
    const TextFault value_fault = faultOfAny(member.value());
    if (name_fault != TextFault::None) {
      faults.push_back({"request", "a member's name " + std::string(sentence(name_fault))});
      continue;
    }
    if (value_fault != TextFault::None) {
      faults.push_back({std::string(name), std::string(sentence(value_fault))});
      continue;
    }
    if (const boost::json::value** known = place(draft, members, name))
      *known = member.value().is_null() ? nullptr : &member.value();
    else
      members.unknown.push_back(&member);
  }
  return members;
}

std::string metadataText(const DraftMembers& members) {
  std::string text;
  JsonWriter writer(text);
  forEachMetadata(members, [&](boost::json::string_view name, const boost::json::value& value) {
    if (text.empty()) writer.beginObject();
    writer.name({name.data(), name.size()}).raw(boost::json::serialize(value));
  });
  if (!text.empty()) writer.endObject();
  return text;
}

}  // namespace penstock
