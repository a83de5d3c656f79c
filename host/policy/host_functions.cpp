#include "penstock/policy.h"
#include "policy/environment.h"
#include "policy/http_url.h"
#include "policy/sandbox.h"
#include "sdk/address.h"

#include <cmath>

namespace penstock {
namespace {

constexpr double kMicrosecond = 1e-6;
constexpr double kLastSecond = 253402300799;  // 9999-12-31T23:59:59Z

std::optional<std::string_view> textOrNothing(lua_State* lua) {
  luaL_checkany(lua, 1);
  if (lua_type(lua, 1) != LUA_TSTRING) return std::nullopt;
  const TextArgument text = checkText(lua, 1);
  Sandbox::of(lua).fence().charge(lua, text.size);
  return std::string_view(text.data, text.size);
}

int answer(lua_State* lua, const std::optional<std::string>& text) {
  if (text)
    lua_pushlstring(lua, text->data(), text->size());
  else
    lua_pushnil(lua);
  return 1;
}

// normalize_phone(text): + and digits, a short code's digits, or nil
int normalizePhone(lua_State* lua) {
  const auto text = textOrNothing(lua);
  return answer(lua, text ? phoneNumber(*text) : std::nullopt);
}

// normalize_email(text): the comparable address and the address as written, or nil
int normalizeEmail(lua_State* lua) {
  const auto text = textOrNothing(lua);
  const auto bare = text ? mailAddress(*text) : std::nullopt;
  if (!bare) return answer(lua, std::nullopt);
  answer(lua, comparableMailbox(*bare));
  lua_pushlstring(lua, bare->data(), bare->size());
  return 2;
}

// is_sender_name(text)
int tellSenderName(lua_State* lua) {
  const auto text = textOrNothing(lua);
  lua_pushboolean(lua, text && isSenderName(*text));
  return 1;
}

// is_http_url(text)
int tellHttpUrl(lua_State* lua) {
  const auto text = textOrNothing(lua);
  lua_pushboolean(lua, text && isHttpUrl(*text));
  return 1;
}

// log(text): a line for the operator's log, through redact.lua
int keepLine(lua_State* lua) {
  const TextArgument text = checkText(lua, 1);
  Sandbox::of(lua).keepLine({text.data, text.size});
  return 0;
}

// time.now(): seconds since 1970
int now(lua_State* lua) {
  const auto microseconds = Sandbox::of(lua).clock().wall().time_since_epoch().count();
  lua_pushnumber(lua, static_cast<double>(microseconds) * kMicrosecond);
  return 1;
}

// time.parse(text): seconds since 1970 of an RFC 3339 time with zone, or nil
int parse(lua_State* lua) {
  const auto text = textOrNothing(lua);
  const auto time = text ? parseTime(*text) : std::nullopt;
  if (!time) return answer(lua, std::nullopt);
  lua_pushnumber(lua, static_cast<double>(time->time_since_epoch().count()) * kMicrosecond);
  return 1;
}

// time.format(seconds): RFC 3339 in UTC with milliseconds
int format(lua_State* lua) {
  const double seconds = luaL_checknumber(lua, 1);
  luaL_argcheck(lua, seconds >= 0 && seconds <= kLastSecond, 1, "outside the years 1970 to 9999");
  return answer(lua, formatTime(WallTime(Duration(std::llround(seconds / kMicrosecond)))));
}

}  // namespace

void addHostFunctions(lua_State* lua) {
  addFunction(lua, "normalize_phone", &normalizePhone);
  addFunction(lua, "normalize_email", &normalizeEmail);
  addFunction(lua, "is_sender_name", &tellSenderName);
  addFunction(lua, "is_http_url", &tellHttpUrl);
  addFunction(lua, "log", &keepLine);
  lua_newtable(lua);
  addFunction(lua, "now", &now);
  addFunction(lua, "parse", &parse);
  addFunction(lua, "format", &format);
  makeReadOnly(lua);
  lua_setfield(lua, -2, "time");
}

}  // namespace penstock
