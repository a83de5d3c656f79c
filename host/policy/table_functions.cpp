#include "policy/borrowed.h"
#include "policy/environment.h"
#include "policy/sandbox.h"

namespace penstock {
namespace {

constexpr lua_Integer kMostUnpacked = 4096;
constexpr lua_Unsigned kMostSorted = 16384;

void charge(lua_State* lua, lua_Unsigned steps) { Sandbox::of(lua).fence().charge(lua, steps); }

/// Elements from argument `first` (1 if absent) to argument `first + 1` (the length if absent).
lua_Unsigned rangeSize(lua_State* lua, int first) {
  const lua_Integer from = luaL_optinteger(lua, first, 1);
  const lua_Integer to = lua_isnoneornil(lua, first + 1) ? luaL_len(lua, 1) : luaL_checkinteger(lua, first + 1);
  return to < from ? 0 : static_cast<lua_Unsigned>(to) - static_cast<lua_Unsigned>(from) + 1;
}

int guardedConcat(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  const lua_Unsigned count = rangeSize(lua, 3);
  if (count > Sandbox::of(lua).fence().largestBlock()) return luaL_error(lua, "too many elements to concatenate");
  charge(lua, count * 8);
  return callStock(lua);
}

int guardedShift(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  charge(lua, lua_rawlen(lua, 1) * 4);
  return callStock(lua);
}

int guardedSort(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  const lua_Unsigned count = lua_rawlen(lua, 1);
  if (count > kMostSorted) return luaL_error(lua, "too many elements to sort");
  charge(lua, count * 64);
  return callStock(lua);
}

int guardedUnpack(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  if (rangeSize(lua, 2) > kMostUnpacked) return luaL_error(lua, "too many results to unpack");
  return callStock(lua);
}

}  // namespace

void addTableFunctions(lua_State* lua) {
  lua_newtable(lua);
  openStock(lua, &luaopen_table);
  copyFields(lua, {"pack"});
  guardField(lua, "concat", &guardedConcat);
  guardField(lua, "insert", &guardedShift);
  guardField(lua, "remove", &guardedShift);
  guardField(lua, "sort", &guardedSort);
  guardField(lua, "unpack", &guardedUnpack);
  lua_pop(lua, 1);
  makeReadOnly(lua);
  lua_setfield(lua, -2, "table");
}

}  // namespace penstock
