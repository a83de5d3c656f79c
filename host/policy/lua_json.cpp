#include "policy/lua_json.h"

#include "policy/sandbox.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {
namespace {

const char kListMark = 0;
constexpr std::uint64_t kStepsPerValue = 64;

void pushObject(lua_State* lua, const boost::json::object& object, int depth) {
  lua_createtable(lua, 0, static_cast<int>(object.size()));
  for (const auto& [name, value] : object) {
    if (value.is_null()) continue;
    lua_pushlstring(lua, name.data(), name.size());
    pushJson(lua, value, depth + 1);
    lua_rawset(lua, -3);
  }
}

void pushArray(lua_State* lua, const boost::json::array& array, int depth) {
  pushList(lua, array.size());
  lua_Integer at = 0;
  for (const boost::json::value& value : array) {
    if (value.is_null())
      lua_pushlightuserdata(lua, nullptr);
    else
      pushJson(lua, value, depth + 1);
    lua_rawseti(lua, -2, ++at);
  }
}

class JsonReader {
public:
  explicit JsonReader(lua_State* lua) : lua_(lua) {}

  boost::json::value read(int index, int depth) {
    if (depth > kDeepestJson) luaL_error(lua_, "nested too deeply");
    luaL_checkstack(lua_, 4, "nested too deeply");
    count(kBytesPerValue);
    Sandbox::of(lua_).fence().charge(lua_, kStepsPerValue);
    switch (lua_type(lua_, index)) {
      case LUA_TNIL:
      case LUA_TLIGHTUSERDATA:
        return nullptr;
      case LUA_TBOOLEAN:
        return lua_toboolean(lua_, index) != 0;
      case LUA_TNUMBER:
        return readNumber(index);
      case LUA_TSTRING:
        return boost::json::string(readText(index));
      case LUA_TTABLE:
        return isList(lua_, index) ? readArray(index, depth) : readObject(index, depth);
      default:
        luaL_error(lua_, "a %s cannot be written as JSON", luaL_typename(lua_, index));
        return nullptr;
    }
  }

private:
  static constexpr std::size_t kBytesPerValue = 16;
  static constexpr std::size_t kMostBytes = 1 << 20;

  void count(std::size_t bytes) {
    bytes_ += bytes;
    if (bytes_ > kMostBytes) luaL_error(lua_, "too large to be written as JSON");
  }

  std::string_view readText(int index) {
    std::size_t size = 0;
    const char* text = lua_tolstring(lua_, index, &size);
    count(size);
    return {text, size};
  }

  boost::json::value readNumber(int index) {
    if (lua_isinteger(lua_, index) != 0) return static_cast<std::int64_t>(lua_tointeger(lua_, index));
    const double number = lua_tonumber(lua_, index);
    if (!std::isfinite(number)) luaL_error(lua_, "JSON knows no infinite numbers");
    return number;
  }

  boost::json::value readArray(int index, int depth) {
    boost::json::array result;
    const lua_Unsigned size = lua_rawlen(lua_, index);
    for (lua_Unsigned i = 1; i <= size; ++i) {
      lua_rawgeti(lua_, index, static_cast<lua_Integer>(i));
      result.push_back(read(lua_gettop(lua_), depth + 1));
      lua_pop(lua_, 1);
    }
    return result;
  }

  boost::json::value readObject(int index, int depth) {
    std::vector<std::string> names;
    for (lua_pushnil(lua_); lua_next(lua_, index) != 0; lua_pop(lua_, 1)) {
      if (lua_type(lua_, -2) != LUA_TSTRING) luaL_error(lua_, "only texts can name the members of an object");
      names.emplace_back(readText(-2));
    }
    std::sort(names.begin(), names.end());
    boost::json::object result;
    for (const std::string& name : names) {
      lua_pushlstring(lua_, name.data(), name.size());
      lua_rawget(lua_, index);
      result.emplace(name, read(lua_gettop(lua_), depth + 1));
      lua_pop(lua_, 1);
    }
    return result;
  }

  lua_State* lua_;
  std::size_t bytes_ = 0;
};

}  // namespace

void prepareJson(lua_State* lua) {
  lua_createtable(lua, 0, 1);
  lua_pushboolean(lua, 0);
  lua_setfield(lua, -2, "__metatable");
  lua_rawsetp(lua, LUA_REGISTRYINDEX, &kListMark);
}

void pushList(lua_State* lua, std::size_t size) {
  lua_createtable(lua, static_cast<int>(size), 0);
  lua_rawgetp(lua, LUA_REGISTRYINDEX, &kListMark);
  lua_setmetatable(lua, -2);
}

bool isList(lua_State* lua, int index) {
  if (lua_type(lua, index) != LUA_TTABLE) return false;
  if (lua_rawlen(lua, index) > 0) return true;
  if (lua_getmetatable(lua, index) == 0) return false;
  lua_rawgetp(lua, LUA_REGISTRYINDEX, &kListMark);
  const bool marked = lua_rawequal(lua, -1, -2) != 0;
  lua_pop(lua, 2);
  return marked;
}

void pushJson(lua_State* lua, const boost::json::value& value, int depth) {
  if (depth > kDeepestJson) luaL_error(lua, "nested too deeply");
  luaL_checkstack(lua, 4, "nested too deeply");
  Sandbox::of(lua).fence().charge(lua, kStepsPerValue);
  switch (value.kind()) {
    case boost::json::kind::null:
      lua_pushnil(lua);
      break;
    case boost::json::kind::bool_:
      lua_pushboolean(lua, value.get_bool());
      break;
    case boost::json::kind::int64:
      lua_pushinteger(lua, value.get_int64());
      break;
    case boost::json::kind::uint64:
      lua_pushnumber(lua, static_cast<double>(value.get_uint64()));
      break;
    case boost::json::kind::double_:
      lua_pushnumber(lua, value.get_double());
      break;
    case boost::json::kind::string:
      lua_pushlstring(lua, value.get_string().data(), value.get_string().size());
      break;
    case boost::json::kind::array:
      pushArray(lua, value.get_array(), depth);
      break;
    case boost::json::kind::object:
      pushObject(lua, value.get_object(), depth);
      break;
  }
}

boost::json::value readJson(lua_State* lua, int index) { return JsonReader(lua).read(lua_absindex(lua, index), 0); }

}  // namespace penstock
