#include "policy/environment.h"

namespace penstock {
namespace {

const char kEnvironment = 0;

int refuseWrite(lua_State* lua) { return luaL_error(lua, "assigns a global or a field of a library; use local"); }
int refuseUnknown(lua_State* lua) { return luaL_error(lua, "reads a global that does not exist"); }

}  // namespace

void makeReadOnly(lua_State* lua) {
  lua_newtable(lua);
  lua_createtable(lua, 0, 3);
  lua_pushvalue(lua, -3);
  lua_setfield(lua, -2, "__index");
  lua_pushcfunction(lua, &refuseWrite);
  lua_setfield(lua, -2, "__newindex");
  lua_pushboolean(lua, 0);
  lua_setfield(lua, -2, "__metatable");
  lua_setmetatable(lua, -2);
  lua_remove(lua, -2);
}

void addFunction(lua_State* lua, const char* name, lua_CFunction function) {
  lua_pushcfunction(lua, function);
  lua_setfield(lua, -2, name);
}

TextArgument checkText(lua_State* lua, int index) {
  luaL_checktype(lua, index, LUA_TSTRING);
  TextArgument text{};
  text.data = lua_tolstring(lua, index, &text.size);
  return text;
}

int openEnvironment(lua_State* lua) {
  lua_createtable(lua, 0, 56);
  addBaseFunctions(lua);
  addStringFunctions(lua);
  addTableFunctions(lua);
  addTextFunctions(lua);
  addCryptoFunctions(lua);
  addEncodingFunctions(lua);
  addJsonFunctions(lua);
  addFormFunctions(lua);
  addResponseFunctions(lua);
  addHostFunctions(lua);
  lua_createtable(lua, 0, 1);
  addFunction(lua, "__index", &refuseUnknown);
  lua_setmetatable(lua, -2);
  makeReadOnly(lua);
  lua_rawsetp(lua, LUA_REGISTRYINDEX, &kEnvironment);
  // The stock libraries with all their doors are garbage now.
  lua_pushnil(lua);
  lua_setfield(lua, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_newtable(lua);
  lua_rawseti(lua, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  return 0;
}

void pushEnvironment(lua_State* lua) { lua_rawgetp(lua, LUA_REGISTRYINDEX, &kEnvironment); }

}  // namespace penstock
