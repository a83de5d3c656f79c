#include "policy/answers.h"

#include "policy/clean_text.h"

namespace penstock {
namespace {

constexpr lua_Unsigned kMostFaults = 100;
constexpr std::size_t kLongestFault = 1024;
constexpr double kLongestWait = 366 * 86400.0;

std::string faultText(lua_State* lua, ScriptState& state, const char* field) {
  lua_pushstring(lua, field);
  lua_rawget(lua, -2);
  return takeText(lua, state, kLongestFault, true);
}

}  // namespace

std::vector<Fault> takeFaults(lua_State* lua, ScriptState& state) {
  std::vector<Fault> faults;
  if (lua_isnil(lua, -1)) {
    lua_pop(lua, 1);
    return faults;
  }
  if (!lua_istable(lua, -1)) state.refuseAnswer(lua, "must answer nil or a list of faults");
  const lua_Unsigned count = lua_rawlen(lua, -1);
  for (lua_Unsigned i = 1; i <= count && i <= kMostFaults; ++i) {
    lua_rawgeti(lua, -1, static_cast<lua_Integer>(i));
    if (!lua_istable(lua, -1)) state.refuseAnswer(lua, "must answer a list of tables with field and message");
    std::string field = faultText(lua, state, "field");
    std::string message = faultText(lua, state, "message");
    faults.push_back({std::move(field), std::move(message)});
    lua_pop(lua, 1);
  }
  // A single fault that is not in a list must not pass for "no fault".
  lua_pushnil(lua);
  if (count == 0 && lua_next(lua, -2) != 0) state.refuseAnswer(lua, "must answer nil or a list of faults");
  lua_settop(lua, lua_gettop(lua) - (count == 0 ? 1 : 2));
  return faults;
}

std::string takeText(lua_State* lua, ScriptState& state, std::size_t longest, bool clean) {
  if (lua_type(lua, -1) != LUA_TSTRING) state.refuseAnswer(lua, "must answer a text");
  std::size_t size = 0;
  const char* text = lua_tolstring(lua, -1, &size);
  if (size == 0 || size > longest) state.refuseAnswer(lua, "answered a text that is empty or too long");
  std::string result(text, size);
  if (clean && faultOf(result) != TextFault::None) state.refuseAnswer(lua, "answered a text that is not UTF-8");
  lua_pop(lua, 1);
  return result;
}

std::optional<Duration> takeWait(lua_State* lua, ScriptState& state) {
  const int type = lua_type(lua, -1);
  const double seconds = type == LUA_TNUMBER ? lua_tonumber(lua, -1) : 0;
  lua_pop(lua, 1);
  if (type == LUA_TNIL) return std::nullopt;
  // Written so that NaN fails too.
  if (type != LUA_TNUMBER || !(seconds >= 0 && seconds <= kLongestWait))
    state.refuseAnswer(lua, "must answer nil or seconds from 0 to a year");
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

}  // namespace penstock
