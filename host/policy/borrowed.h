#pragma once

#include <lua.hpp>

#include <initializer_list>

namespace penstock {

/// Opens a stock library without making it a global and leaves its table on top.
inline void openStock(lua_State* lua, lua_CFunction open) {
  lua_pushcfunction(lua, open);
  lua_pushnil(lua);
  lua_call(lua, 1, 1);
}

/// Copies the named fields of the table on top into the table below it.
inline void copyFields(lua_State* lua, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    lua_getfield(lua, -1, name);
    lua_setfield(lua, -3, name);
  }
}

/// Sets field `name` of the table below the top to `guard`, which finds the stock function of the table on top as its
/// first upvalue and calls it through callStock.
inline void guardField(lua_State* lua, const char* name, lua_CFunction guard) {
  lua_getfield(lua, -1, name);
  lua_pushcclosure(lua, guard, 1);
  lua_setfield(lua, -3, name);
}

/// Calls the stock function with the arguments of the running one.
inline int callStock(lua_State* lua) { return lua_tocfunction(lua, lua_upvalueindex(1))(lua); }

}  // namespace penstock
