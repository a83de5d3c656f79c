#pragma once

#include <lua.hpp>

#include <cstddef>

namespace penstock {

/// Builds, in a fresh state, the table of everything scripts can name, and closes the doors that lead around it.
/// A lua_CFunction.
int openEnvironment(lua_State* lua);

/// Puts what a chunk may see as its globals on the stack: readable, not writable; a name that does not exist raises.
void pushEnvironment(lua_State* lua);

/// Replaces the table on top by a view of it that cannot be written.
void makeReadOnly(lua_State* lua);

/// Each adds its functions and libraries to the table on top of the stack.
void addBaseFunctions(lua_State* lua);
void addStringFunctions(lua_State* lua);
void addTableFunctions(lua_State* lua);
void addTextFunctions(lua_State* lua);  // utf8, and Lua's math
void addCryptoFunctions(lua_State* lua);
void addEncodingFunctions(lua_State* lua);
void addJsonFunctions(lua_State* lua);
void addFormFunctions(lua_State* lua);
void addResponseFunctions(lua_State* lua);
void addHostFunctions(lua_State* lua);

/// Sets field `name` of the table on top to a host function.
void addFunction(lua_State* lua, const char* name, lua_CFunction function);

/// Text argument `index`, or an argument error; numbers are not taken for text.
struct TextArgument {
  const char* data;
  std::size_t size;
};
TextArgument checkText(lua_State* lua, int index);

}  // namespace penstock
