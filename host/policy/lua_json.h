#pragma once

#include <boost/json/value.hpp>

#include <lua.hpp>

namespace penstock {

/// Nesting beyond this is refused in both directions.
inline constexpr int kDeepestJson = 64;

/// Makes the mark by which lists that came out of JSON are known. Once a state, before the functions below.
void prepareJson(lua_State* lua);

/// Pushes a JSON value: objects as tables (null members left out), arrays as marked lists with json.null for null.
/// Raises beyond kDeepestJson.
void pushJson(lua_State* lua, const boost::json::value& value, int depth = 0);

/// Pushes an empty list with room for `size` items, marked as one.
void pushList(lua_State* lua, std::size_t size);

/// Whether the value at `index` is a list: marked, or a table with a first item.
bool isList(lua_State* lua, int index);

/// Reads the Lua value at `index`; members of objects come sorted by name, so that equal tables give equal texts.
/// Raises for what JSON cannot say, beyond kDeepestJson, and for more than about a megabyte.
boost::json::value readJson(lua_State* lua, int index);

}  // namespace penstock
