#include "policy/environment.h"
#include "policy/form.h"
#include "policy/lua_json.h"
#include "policy/sandbox.h"

#include <set>
#include <string>

namespace penstock {
namespace {

constexpr std::size_t kLongestForm = 1 << 20;
constexpr std::size_t kMostFields = 1000;
constexpr std::size_t kMostParts = 200;
constexpr std::uint64_t kStepsPerField = 200;

std::string_view chargedText(lua_State* lua, int index) {
  const TextArgument text = checkText(lua, index);
  if (text.size > kLongestForm) luaL_error(lua, "text too long for a form");
  Sandbox::of(lua).fence().charge(lua, text.size * 4);
  return {text.data, text.size};
}

void push(lua_State* lua, std::string_view text) { lua_pushlstring(lua, text.data(), text.size()); }

void setText(lua_State* lua, const char* name, std::string_view text) {
  push(lua, text);
  lua_setfield(lua, -2, name);
}

// form.decode(text): a table of the first value of each name, and the list of all as {name, value}
int decode(lua_State* lua) {
  lua_settop(lua, 1);
  const auto fields = parseForm(chargedText(lua, 1), kMostFields);
  lua_createtable(lua, 0, static_cast<int>(fields.size()));
  pushList(lua, fields.size());
  lua_Integer at = 0;
  for (const auto& [name, value] : fields) {
    Sandbox::of(lua).fence().charge(lua, kStepsPerField);
    push(lua, name);
    if (lua_rawget(lua, 2) == LUA_TNIL) {
      push(lua, name);
      push(lua, value);
      lua_rawset(lua, 2);
    }
    lua_pop(lua, 1);
    lua_createtable(lua, 0, 2);
    setText(lua, "name", name);
    setText(lua, "value", value);
    lua_rawseti(lua, 3, ++at);
  }
  return 2;
}

void appendField(lua_State* lua, std::string& text, std::string_view name, int index) {
  const int type = lua_type(lua, index);
  if (type != LUA_TSTRING && type != LUA_TNUMBER) luaL_error(lua, "a form holds texts, numbers and lists of them");
  lua_pushvalue(lua, index);
  std::size_t size = 0;
  const char* value = lua_tolstring(lua, -1, &size);
  Sandbox::of(lua).fence().charge(lua, kStepsPerField + size * 4);
  text.append(text.empty() ? "" : "&").append(urlEncoded(name)).append("=").append(urlEncoded({value, size}));
  lua_pop(lua, 1);
  if (text.size() > kLongestForm) luaL_error(lua, "too large for a form");
}

// form.encode(fields): text; fields is a table of name and text, number, or list of them; sorted by name
int encode(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  lua_settop(lua, 1);
  std::set<std::string> names;
  for (lua_pushnil(lua); lua_next(lua, 1) != 0; lua_pop(lua, 1)) {
    if (lua_type(lua, -2) != LUA_TSTRING) return luaL_error(lua, "only texts can name the fields of a form");
    Sandbox::of(lua).fence().charge(lua, kStepsPerField);
    std::size_t size = 0;
    const char* name = lua_tolstring(lua, -2, &size);
    names.emplace(name, size);
    if (names.size() > kMostFields) return luaL_error(lua, "too many fields for a form");
  }
  std::string text;
  for (const std::string& name : names) {
    push(lua, name);
    lua_rawget(lua, 1);
    if (!lua_istable(lua, 2)) {
      appendField(lua, text, name, 2);
    } else {
      const lua_Unsigned count = lua_rawlen(lua, 2);
      if (count > kMostFields) return luaL_error(lua, "too many fields for a form");
      for (lua_Unsigned i = 1; i <= count; ++i) {
        lua_rawgeti(lua, 2, static_cast<lua_Integer>(i));
        appendField(lua, text, name, 3);
        lua_settop(lua, 2);
      }
    }
    lua_settop(lua, 1);
  }
  push(lua, text);
  return 1;
}

// multipart(content_type, body): list of {name, filename, type, body}, or nil when it is none
int readMultipart(lua_State* lua) {
  const auto parts = parseMultipart(chargedText(lua, 1), chargedText(lua, 2), kMostParts);
  if (parts.empty()) {
    lua_pushnil(lua);
    return 1;
  }
  pushList(lua, parts.size());
  lua_Integer at = 0;
  for (const FormPart& part : parts) {
    lua_createtable(lua, 0, 4);
    setText(lua, "name", part.name);
    if (!part.filename.empty()) setText(lua, "filename", part.filename);
    if (!part.type.empty()) setText(lua, "type", part.type);
    setText(lua, "body", part.body);
    lua_rawseti(lua, -2, ++at);
  }
  return 1;
}

// url_decode(text): %XX as bytes, + as blank
int decodeUrl(lua_State* lua) {
  push(lua, formDecoded(chargedText(lua, 1)));
  return 1;
}

}  // namespace

void addFormFunctions(lua_State* lua) {
  lua_newtable(lua);
  addFunction(lua, "decode", &decode);
  addFunction(lua, "encode", &encode);
  makeReadOnly(lua);
  lua_setfield(lua, -2, "form");
  addFunction(lua, "multipart", &readMultipart);
  addFunction(lua, "url_decode", &decodeUrl);
}

}  // namespace penstock
