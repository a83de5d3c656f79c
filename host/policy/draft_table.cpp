#include "policy/draft_table.h"

#include "policy/lua_json.h"

namespace penstock {
namespace {

constexpr int kFields = 20;

void setText(lua_State* lua, const char* name, std::string_view text) {
  lua_pushlstring(lua, text.data(), text.size());
  lua_setfield(lua, -2, name);
}

void setValue(lua_State* lua, const char* name, const boost::json::value* value) {
  if (value == nullptr) return;
  pushJson(lua, *value);
  lua_setfield(lua, -2, name);
}

void setMetadata(lua_State* lua, const DraftMembers& members) {
  if (members.metadata != nullptr && !members.metadata->is_object()) return setValue(lua, "metadata", members.metadata);
  if (members.metadata == nullptr && members.unknown.empty()) return;
  lua_newtable(lua);
  forEachMetadata(members, [&](boost::json::string_view name, const boost::json::value& value) {
    lua_pushlstring(lua, name.data(), name.size());
    pushJson(lua, value);
    lua_rawset(lua, -3);
  });
  lua_setfield(lua, -2, "metadata");
}

}  // namespace

void pushDraft(lua_State* lua, const Draft& draft, const DraftMembers& members) {
  lua_createtable(lua, 0, kFields);
  setText(lua, "kind", word(draft.kind));
  setText(lua, "channel", word(draft.channel));
  setText(lua, "route", draft.route);
  if (draft.kind == Kind::InboundMessage) {
    setText(lua, "provider", draft.provider);
    setText(lua, "provider_id_member", draft.provider_id_member);
    setValue(lua, "provider_message_id", members.provider_message_id);
  }
  if (draft.client_key) setText(lua, "client_key", *draft.client_key);
  setValue(lua, "idempotency_key", members.idempotency_key);
  setValue(lua, "type", members.type);
  setValue(lua, "from", members.from);
  setValue(lua, "to", members.to);
  setValue(lua, "subject", members.subject);
  setValue(lua, "body", members.body);
  setValue(lua, "attachments", members.attachments);
  setValue(lua, "timestamp", members.timestamp);
  setValue(lua, "sent_at", members.sent_at);
  setValue(lua, "customer", members.customer);
  setMetadata(lua, members);
}

void setNormalised(lua_State* lua, const NormalDraft& normal) {
  setText(lua, "type", word(normal.type));
  setText(lua, "from", normal.from);
  setText(lua, "to", normal.to);
  setText(lua, "sender", normal.sender);
  setText(lua, "recipient", normal.recipient);
  setText(lua, "customer", normal.customer);
  const std::chrono::duration<double> seconds = normal.timestamp.time_since_epoch();
  lua_pushnumber(lua, seconds.count());
  lua_setfield(lua, -2, "timestamp");
  if (normal.attachments.empty()) {
    pushList(lua, 0);
    lua_setfield(lua, -2, "attachments");
  }
  lua_createtable(lua, 2, 0);
  const bool in_order = normal.sender <= normal.recipient;
  for (const std::string* participant :
       {in_order ? &normal.sender : &normal.recipient, in_order ? &normal.recipient : &normal.sender}) {
    lua_pushlstring(lua, participant->data(), participant->size());
    lua_rawseti(lua, -2, static_cast<lua_Integer>(lua_rawlen(lua, -2)) + 1);
  }
  lua_setfield(lua, -2, "participants");
}

}  // namespace penstock
