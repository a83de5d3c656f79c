#include "policy/webhook_answers.h"

#include "policy/lua_json.h"

#include <algorithm>
#include <map>

namespace penstock {
namespace {

constexpr lua_Unsigned kMostItems = 10000;
constexpr std::size_t kLongestAnswer = 4096;
constexpr std::string_view kTypes[] = {"application/json", "text/plain", "text/xml", "application/xml"};

bool field(lua_State* lua, const char* name) {
  lua_pushstring(lua, name);
  lua_rawget(lua, -2);
  if (!lua_isnil(lua, -1)) return true;
  lua_pop(lua, 1);
  return false;
}

/// Calls with each item of the list on top, read as an object, and pops the list.
template <typename Take>
void eachItem(lua_State* lua, ScriptState& state, Take take) {
  if (!lua_istable(lua, -1)) state.refuseAnswer(lua, "must answer messages and reports as lists");
  const lua_Unsigned count = lua_rawlen(lua, -1);
  if (count > kMostItems) state.refuseAnswer(lua, "answered too many messages or reports");
  for (lua_Unsigned i = 1; i <= count; ++i) {
    lua_rawgeti(lua, -1, static_cast<lua_Integer>(i));
    if (!lua_istable(lua, -1)) state.refuseAnswer(lua, "must answer each message and report as a table");
    boost::json::value item = readJson(lua, -1);
    if (!item.is_object()) state.refuseAnswer(lua, "must answer each message and report as a table of names");
    take(std::move(item.get_object()));
    lua_pop(lua, 1);
  }
  lua_pop(lua, 1);
}

void takeMessage(lua_State* lua, ScriptState& state, boost::json::object members, WebhookReading& reading) {
  const auto* word = members.if_contains("channel");
  const auto channel = word != nullptr && word->is_string()
                           ? parseChannel({word->get_string().data(), word->get_string().size()})
                           : std::nullopt;
  if (!channel) state.refuseAnswer(lua, "must say the channel of a message: sms or email");
  members.erase("channel");
  reading.messages.push_back({*channel, std::move(members)});
}

std::string_view textOnTop(lua_State* lua, ScriptState& state) {
  std::size_t size = 0;
  const char* text = lua_type(lua, -1) == LUA_TSTRING ? lua_tolstring(lua, -1, &size) : nullptr;
  if (text == nullptr || size > kLongestAnswer) state.refuseAnswer(lua, "answered no text, or one that is too long");
  return {text, size};
}

void takeAnswer(lua_State* lua, ScriptState& state, WebhookReading& reading) {
  if (!lua_istable(lua, -1)) state.refuseAnswer(lua, "must describe its answer in a table");
  if (field(lua, "status")) {
    const lua_Integer status = lua_isinteger(lua, -1) != 0 ? lua_tointeger(lua, -1) : 0;
    if (!(status >= 200 && status <= 299) && !(status >= 400 && status <= 499))
      state.refuseAnswer(lua, "must answer with a status of 2xx or 4xx");
    reading.status = static_cast<unsigned>(status);
    lua_pop(lua, 1);
  }
  if (field(lua, "type")) {
    const auto* type = std::ranges::find(kTypes, textOnTop(lua, state));
    if (type == std::end(kTypes)) state.refuseAnswer(lua, "must answer JSON, XML or plain text");
    reading.content_type = *type;
    lua_pop(lua, 1);
  }
  if (field(lua, "body")) {
    reading.body = textOnTop(lua, state);
    lua_pop(lua, 1);
  }
  lua_pop(lua, 1);
}

}  // namespace

void pushWebhook(lua_State* lua, const WebhookRequest& request) {
  const auto set = [lua](const char* name, std::string_view text) {
    lua_pushlstring(lua, text.data(), text.size());
    lua_setfield(lua, -2, name);
  };
  lua_createtable(lua, 0, 3);
  set("query", request.query);
  set("body", request.body);
  std::map<std::string_view, std::string> headers;
  for (const auto& [name, value] : request.headers) {
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

void takeReading(lua_State* lua, ScriptState& state, WebhookReading& reading) {
  if (lua_isnil(lua, -1)) return lua_pop(lua, 1);
  if (!lua_istable(lua, -1)) state.refuseAnswer(lua, "must answer nil or a table of messages, reports and answer");
  if (field(lua, "messages"))
    eachItem(lua, state, [&](boost::json::object item) { takeMessage(lua, state, std::move(item), reading); });
  if (field(lua, "reports"))
    eachItem(lua, state, [&](boost::json::object item) { reading.reports.push_back({std::move(item)}); });
  if (field(lua, "answer")) takeAnswer(lua, state, reading);
  lua_pop(lua, 1);
}

}  // namespace penstock
