#include "policy/provider_tables.h"

#include "policy/lua_json.h"

#include <boost/json/parse.hpp>

#include <map>

namespace penstock {
namespace {

void setText(lua_State* lua, const char* name, std::string_view text) {
  lua_pushlstring(lua, text.data(), text.size());
  lua_setfield(lua, -2, name);
}

void setAttachments(lua_State* lua, const std::vector<std::string>& urls) {
  pushList(lua, urls.size());
  for (const std::string& url : urls) {
    lua_pushlstring(lua, url.data(), url.size());
    lua_rawseti(lua, -2, static_cast<lua_Integer>(lua_rawlen(lua, -2)) + 1);
  }
  lua_setfield(lua, -2, "attachments");
}

void setMetadata(lua_State* lua, const std::string& text) {
  boost::json::error_code fault;
  boost::json::value metadata = text.empty() ? boost::json::object() : boost::json::parse(text, fault);
  if (fault || !metadata.is_object()) metadata = boost::json::object();
  pushJson(lua, metadata);
  lua_setfield(lua, -2, "metadata");
}

std::string_view bytesOf(const Digest128& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

}  // namespace

std::string providerKey(const Event& event) {
  return Digest128::of({"send1", event.customer, bytesOf(event.key), bytesOf(event.fingerprint)}).hex();
}

void pushMessage(lua_State* lua, const Event& event, std::uint32_t attempt) {
  const Content& content = event.content;
  lua_createtable(lua, 0, 14);
  setText(lua, "id", event.id.text());
  setText(lua, "key", providerKey(event));
  if (attempt > 0) {
    lua_pushinteger(lua, attempt);
    lua_setfield(lua, -2, "attempt");
  }
  setText(lua, "channel", word(content.channel));
  setText(lua, "type", word(content.type));
  setText(lua, "from", content.from);
  setText(lua, "to", content.to);
  setText(lua, "subject", content.subject);
  setText(lua, "body", content.body);
  setText(lua, "customer", event.customer);
  lua_pushnumber(lua, std::chrono::duration<double>(content.timestamp.time_since_epoch()).count());
  lua_setfield(lua, -2, "timestamp");
  setAttachments(lua, content.attachments);
  setMetadata(lua, content.metadata);
}

void pushResponse(lua_State* lua, const OutboundResponse& response) {
  lua_createtable(lua, 0, 5);
  lua_pushinteger(lua, response.status);
  lua_setfield(lua, -2, "status");
  setText(lua, "body", response.body);
  lua_pushboolean(lua, response.truncated);
  lua_setfield(lua, -2, "truncated");
  lua_pushnumber(lua, std::chrono::duration<double>(response.latency).count());
  lua_setfield(lua, -2, "latency");
  std::map<std::string_view, std::string> headers;
  for (const auto& [name, value] : response.headers) {
    std::string& joined = headers[name];
    joined.append(joined.empty() ? "" : ", ").append(value);
  }
  lua_createtable(lua, 0, static_cast<int>(headers.size()));
  for (const auto& [name, value] : headers) {
    lua_pushlstring(lua, name.data(), name.size());
    lua_pushlstring(lua, value.data(), value.size());
    lua_rawset(lua, -3);
  }
  lua_setfield(lua, -2, "headers");
}

}  // namespace penstock
