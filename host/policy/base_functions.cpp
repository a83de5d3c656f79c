#include "policy/borrowed.h"
#include "policy/environment.h"
#include "policy/sandbox.h"

namespace penstock {
namespace {

int guardedError(lua_State* lua) {
  Sandbox::of(lua).wordedByScript(true);
  return callStock(lua);
}

int guardedAssert(lua_State* lua) {
  if (lua_toboolean(lua, 1) == 0) Sandbox::of(lua).wordedByScript(true);
  return callStock(lua);
}

int guardedToNumber(lua_State* lua) {
  if (lua_type(lua, 1) == LUA_TSTRING) Sandbox::of(lua).fence().charge(lua, lua_rawlen(lua, 1));
  return callStock(lua);
}

// Errors of the fence are handed on: only so a script cannot go on after its deadline.
int guardedCall(lua_State* lua) {
  luaL_checkany(lua, 1);
  lua_pushboolean(lua, 1);
  lua_insert(lua, 1);
  const int status = lua_pcall(lua, lua_gettop(lua) - 2, LUA_MULTRET, 0);
  if (status == LUA_OK) return lua_gettop(lua);
  Sandbox& sandbox = Sandbox::of(lua);
  if (status != LUA_ERRRUN || sandbox.fence().expired()) return lua_error(lua);
  sandbox.wordedByScript(false);
  lua_pushboolean(lua, 0);
  lua_insert(lua, -2);
  return 2;
}

}  // namespace

void addBaseFunctions(lua_State* lua) {
  // luaopen_base writes into the table of globals, so its functions are taken from there.
  lua_pushcfunction(lua, &luaopen_base);
  lua_call(lua, 0, 1);
  copyFields(lua, {"ipairs", "next", "pairs", "rawequal", "rawget", "rawlen", "select", "tostring", "type"});
  guardField(lua, "assert", &guardedAssert);
  guardField(lua, "error", &guardedError);
  guardField(lua, "tonumber", &guardedToNumber);
  lua_pop(lua, 1);
  addFunction(lua, "pcall", &guardedCall);
}

}  // namespace penstock
