#include "policy/environment.h"
#include "policy/lua_json.h"
#include "policy/sandbox.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace penstock {
namespace {

constexpr std::size_t kLongestJson = 1 << 20;

// json.decode(text): the value, or nil and a sentence
int decode(lua_State* lua) {
  const TextArgument text = checkText(lua, 1);
  if (text.size > kLongestJson) return luaL_error(lua, "text too long for json.decode");
  Sandbox::of(lua).fence().charge(lua, text.size * 8);
  boost::json::error_code fault;
  boost::json::parse_options options;
  options.max_depth = kDeepestJson;
  const boost::json::value value = boost::json::parse({text.data, text.size}, fault, {}, options);
  if (fault) {
    lua_pushnil(lua);
    lua_pushliteral(lua, "not JSON");
    return 2;
  }
  pushJson(lua, value);
  return 1;
}

// json.encode(value): text; members sorted by name
int encode(lua_State* lua) {
  luaL_checkany(lua, 1);
  const std::string text = boost::json::serialize(readJson(lua, 1));
  lua_pushlstring(lua, text.data(), text.size());
  return 1;
}

// json.is_list(value)
int tellList(lua_State* lua) {
  luaL_checkany(lua, 1);
  lua_pushboolean(lua, isList(lua, 1));
  return 1;
}

}  // namespace

void addJsonFunctions(lua_State* lua) {
  prepareJson(lua);
  lua_newtable(lua);
  addFunction(lua, "decode", &decode);
  addFunction(lua, "encode", &encode);
  addFunction(lua, "is_list", &tellList);
  lua_pushlightuserdata(lua, nullptr);
  lua_setfield(lua, -2, "null");
  makeReadOnly(lua);
  lua_setfield(lua, -2, "json");
}

}  // namespace penstock
