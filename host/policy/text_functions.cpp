#include "policy/borrowed.h"
#include "policy/environment.h"
#include "policy/sandbox.h"

namespace penstock {
namespace {

int guardedWalk(lua_State* lua) {
  if (lua_type(lua, 1) == LUA_TSTRING) Sandbox::of(lua).fence().charge(lua, lua_rawlen(lua, 1));
  return callStock(lua);
}

}  // namespace

void addTextFunctions(lua_State* lua) {
  lua_newtable(lua);
  openStock(lua, &luaopen_utf8);
  copyFields(lua, {"char", "charpattern", "codes"});
  guardField(lua, "codepoint", &guardedWalk);
  guardField(lua, "len", &guardedWalk);
  guardField(lua, "offset", &guardedWalk);
  lua_pop(lua, 1);
  makeReadOnly(lua);
  lua_setfield(lua, -2, "utf8");

  lua_newtable(lua);
  openStock(lua, &luaopen_math);
  copyFields(lua, {"abs", "ceil", "exp", "floor", "fmod", "huge", "log", "max", "maxinteger", "min", "mininteger",
                   "modf", "pi", "random", "sqrt", "tointeger", "type", "ult"});
  lua_pop(lua, 1);
  makeReadOnly(lua);
  lua_setfield(lua, -2, "math");
}

}  // namespace penstock
