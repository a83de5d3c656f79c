#include "policy/environment.h"
#include "policy/sandbox.h"

#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeFormatter.h>
#include <Poco/DateTimeParser.h>

#include <algorithm>
#include <optional>
#include <string>

namespace penstock {
namespace {

constexpr double kLongestWait = 366 * 86400.0;
constexpr std::size_t kLongestField = 64;

/// Seconds from now of a Retry-After field (RFC 9110, 10.2.3), at most a year; nothing when it cannot be read.
std::optional<double> waitOf(std::string_view text, Clock& clock) {
  if (text.empty() || text.size() > kLongestField) return std::nullopt;
  if (std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }))
    return text.size() > 8 ? kLongestWait : std::min(std::stod(std::string(text)), kLongestWait);
  Poco::DateTime moment;
  int zone = 0;
  // Poco reads anything as some date; only what it would write itself was one.
  if (!Poco::DateTimeParser::tryParse(Poco::DateTimeFormat::HTTP_FORMAT, std::string(text), moment, zone) ||
      Poco::DateTimeFormatter::format(moment, Poco::DateTimeFormat::HTTP_FORMAT) != text)
    return std::nullopt;
  const auto microseconds = moment.timestamp().epochMicroseconds() - clock.wall().time_since_epoch().count();
  return std::clamp(static_cast<double>(microseconds) / 1e6, 0.0, kLongestWait);
}

// retry_after(text): seconds from now that a Retry-After header asks for, or nil
int readRetryAfter(lua_State* lua) {
  luaL_checkany(lua, 1);
  std::optional<double> wait;
  if (lua_type(lua, 1) == LUA_TSTRING) {
    const TextArgument text = checkText(lua, 1);
    Sandbox::of(lua).fence().charge(lua, 1000);
    wait = waitOf({text.data, text.size}, Sandbox::of(lua).clock());
  }
  if (wait)
    lua_pushnumber(lua, *wait);
  else
    lua_pushnil(lua);
  return 1;
}

// refused(response): nil for 2xx, else the outcome that the status alone tells: 429 and 5xx may be tried again, after
// the time the provider asks for; everything else is final
int tellRefusal(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  lua_settop(lua, 1);
  lua_pushliteral(lua, "status");
  lua_rawget(lua, 1);
  const lua_Integer status = luaL_checkinteger(lua, 2);
  if (status >= 200 && status <= 299) {
    lua_pushnil(lua);
    return 1;
  }
  const bool retryable = status == 429 || (status >= 500 && status <= 599);
  lua_createtable(lua, 0, 3);
  lua_pushfstring(lua, "HTTP %d", static_cast<int>(status));
  lua_setfield(lua, -2, "not_sent");
  lua_pushboolean(lua, retryable);
  lua_setfield(lua, -2, "retryable");
  if (!retryable) return 1;
  lua_pushliteral(lua, "headers");
  if (lua_rawget(lua, 1) != LUA_TTABLE) return lua_pop(lua, 1), 1;
  lua_pushliteral(lua, "retry-after");
  lua_rawget(lua, -2);
  lua_pushcfunction(lua, &readRetryAfter);
  lua_insert(lua, -2);
  lua_call(lua, 1, 1);
  lua_setfield(lua, 3, "retry_after");
  lua_settop(lua, 3);
  return 1;
}

}  // namespace

void addResponseFunctions(lua_State* lua) {
  addFunction(lua, "retry_after", &readRetryAfter);
  addFunction(lua, "refused", &tellRefusal);
}

}  // namespace penstock
