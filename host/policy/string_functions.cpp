#include "policy/borrowed.h"
#include "policy/environment.h"
#include "policy/pattern.h"
#include "policy/sandbox.h"

#include <algorithm>
#include <cstring>

namespace penstock {
namespace {

std::string_view checkString(lua_State* lua, int index) {
  std::size_t size = 0;
  const char* text = luaL_checklstring(lua, index, &size);
  return {text, size};
}

void charge(lua_State* lua, std::uint64_t steps) { Sandbox::of(lua).fence().charge(lua, steps); }

/// Where argument `index` says to begin, as an offset; larger than the subject when beyond its end.
std::size_t startOffset(lua_State* lua, int index, std::size_t size) {
  const lua_Integer position = luaL_optinteger(lua, index, 1);
  if (position > 0) return static_cast<std::size_t>(position) - 1;
  if (position == 0 || -position > static_cast<lua_Integer>(size)) return 0;
  return size - static_cast<std::size_t>(-position);
}

/// The pattern without its leading anchor, if it has one.
bool takeAnchor(std::string_view& pattern) {
  if (!pattern.starts_with('^')) return false;
  pattern.remove_prefix(1);
  return true;
}

// memmem is linear in the worst case (two-way string matching); std::string_view::find is not.
int findPlain(lua_State* lua, std::string_view subject, std::string_view wanted, std::size_t start) {
  charge(lua, (subject.size() - start) / 8);
  const void* found = memmem(subject.data() + start, subject.size() - start, wanted.data(), wanted.size());
  if (found == nullptr) {
    lua_pushnil(lua);
    return 1;
  }
  const auto offset = static_cast<const char*>(found) - subject.data();
  lua_pushinteger(lua, offset + 1);
  lua_pushinteger(lua, offset + static_cast<std::ptrdiff_t>(wanted.size()));
  return 2;
}

int search(lua_State* lua, bool positions) {
  const std::string_view subject = checkString(lua, 1);
  std::string_view pattern = checkString(lua, 2);
  const std::size_t start = startOffset(lua, 3, subject.size());
  if (start > subject.size()) {
    lua_pushnil(lua);
    return 1;
  }
  if (positions && (lua_toboolean(lua, 4) != 0 || PatternMatch::isPlain(pattern)))
    return findPlain(lua, subject, pattern, start);
  const bool anchored = takeAnchor(pattern);
  PatternMatch matcher(lua, subject, pattern);
  const char* last = subject.data() + subject.size();
  for (const char* from = subject.data() + start; from <= last; ++from) {
    if (const char* end = matcher.matchAt(from)) {
      if (!positions) return matcher.pushCaptures(from, end);
      lua_pushinteger(lua, from - subject.data() + 1);
      lua_pushinteger(lua, end - subject.data());
      return matcher.pushCaptures(nullptr, nullptr) + 2;
    }
    if (anchored) break;
  }
  lua_pushnil(lua);
  return 1;
}

int find(lua_State* lua) { return search(lua, true); }
int match(lua_State* lua) { return search(lua, false); }

// Upvalues: subject, pattern, offset to go on from, end of the last match or -1.
int nextMatch(lua_State* lua) {
  const std::string_view subject = checkString(lua, lua_upvalueindex(1));
  const std::string_view pattern = checkString(lua, lua_upvalueindex(2));
  const lua_Integer last_end = lua_tointeger(lua, lua_upvalueindex(4));
  PatternMatch matcher(lua, subject, pattern);
  const char* last = subject.data() + subject.size();
  for (const char* from = subject.data() + lua_tointeger(lua, lua_upvalueindex(3)); from <= last; ++from) {
    const char* end = matcher.matchAt(from);
    if (end == nullptr || end - subject.data() == last_end) continue;
    lua_pushinteger(lua, end - subject.data());
    lua_pushvalue(lua, -1);
    lua_replace(lua, lua_upvalueindex(3));
    lua_replace(lua, lua_upvalueindex(4));
    return matcher.pushCaptures(from, end);
  }
  return 0;
}

int matches(lua_State* lua) {
  const std::string_view subject = checkString(lua, 1);
  checkString(lua, 2);
  const std::size_t start = startOffset(lua, 3, subject.size());
  lua_settop(lua, 2);
  lua_pushinteger(lua, static_cast<lua_Integer>(start > subject.size() ? subject.size() + 1 : start));
  lua_pushinteger(lua, -1);
  lua_pushcclosure(lua, &nextMatch, 4);
  return 1;
}

void addReplacementText(lua_State* lua, luaL_Buffer& out, PatternMatch& matcher, const char* start, const char* end) {
  std::string_view text = checkString(lua, 3);
  charge(lua, text.size() / 8);
  for (;;) {
    const auto escape = text.find('%');
    luaL_addlstring(&out, text.data(), std::min(escape, text.size()));
    if (escape == std::string_view::npos) return;
    const char what = escape + 1 < text.size() ? text[escape + 1] : '\0';
    if (what == '%') {
      luaL_addchar(&out, '%');
    } else if (what == '0') {
      luaL_addlstring(&out, start, static_cast<std::size_t>(end - start));
    } else if (what >= '1' && what <= '9') {
      matcher.pushCapture(what - '1', start, end);
      luaL_tolstring(lua, -1, nullptr);  // a position capture is a number
      lua_remove(lua, -2);
      luaL_addvalue(&out);
    } else {
      luaL_error(lua, "invalid use of '%%' in replacement string");
    }
    text.remove_prefix(escape + 2);
  }
}

/// Appends what the match from `start` to `end` is replaced by.
void addReplacement(lua_State* lua, luaL_Buffer& out, PatternMatch& matcher, const char* start, const char* end) {
  const int type = lua_type(lua, 3);
  if (type == LUA_TSTRING || type == LUA_TNUMBER) {
    addReplacementText(lua, out, matcher, start, end);
    return;
  }
  if (type == LUA_TFUNCTION) {
    lua_pushvalue(lua, 3);
    lua_call(lua, matcher.pushCaptures(start, end), 1);
  } else {
    matcher.pushCapture(0, start, end);
    lua_gettable(lua, 3);
  }
  if (lua_toboolean(lua, -1) == 0) {
    lua_pop(lua, 1);
    luaL_addlstring(&out, start, static_cast<std::size_t>(end - start));
    return;
  }
  if (lua_isstring(lua, -1) == 0) luaL_error(lua, "invalid replacement value (a %s)", luaL_typename(lua, -1));
  luaL_addvalue(&out);
}

int substitute(lua_State* lua) {
  const std::string_view subject = checkString(lua, 1);
  std::string_view pattern = checkString(lua, 2);
  const int type = lua_type(lua, 3);
  luaL_argexpected(lua, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
                   "string/function/table");
  const lua_Integer most = luaL_optinteger(lua, 4, static_cast<lua_Integer>(subject.size()) + 1);
  const bool anchored = takeAnchor(pattern);
  PatternMatch matcher(lua, subject, pattern);
  const char* from = subject.data();
  const char* last = from + subject.size();
  const char* last_end = nullptr;
  lua_Integer count = 0;
  luaL_Buffer out;
  luaL_buffinit(lua, &out);
  while (count < most) {
    const char* end = matcher.matchAt(from);
    if (end != nullptr && end != last_end) {
      ++count;
      addReplacement(lua, out, matcher, from, end);
      from = last_end = end;
    } else if (from < last) {
      luaL_addchar(&out, *from++);
    } else {
      break;
    }
    if (anchored) break;
  }
  luaL_addlstring(&out, from, static_cast<std::size_t>(last - from));
  luaL_pushresult(&out);
  lua_pushinteger(lua, count);
  return 2;
}

int repeat(lua_State* lua) {
  const std::string_view text = checkString(lua, 1);
  const lua_Integer count = luaL_checkinteger(lua, 2);
  const std::string_view separator = lua_isnoneornil(lua, 3) ? std::string_view() : checkString(lua, 3);
  const std::size_t piece = text.size() + separator.size();
  if (count <= 0 || piece == 0) {
    lua_pushliteral(lua, "");
    return 1;
  }
  const std::size_t most = Sandbox::of(lua).fence().largestBlock();
  if (static_cast<std::size_t>(count) > most / piece) return luaL_error(lua, "resulting string too large");
  charge(lua, static_cast<std::uint64_t>(count) * 2);
  const std::size_t size = piece * static_cast<std::size_t>(count) - separator.size();
  luaL_Buffer buffer;
  char* out = luaL_buffinitsize(lua, &buffer, size);
  for (lua_Integer i = 0; i < count; ++i) {
    if (i > 0) out += separator.copy(out, separator.size());
    out += text.copy(out, text.size());
  }
  luaL_pushresultsize(&buffer, size);
  return 1;
}

// A wrong format is quoted in Lua's message, and it may come out of a message.
int guardedFormat(lua_State* lua) {
  Sandbox& sandbox = Sandbox::of(lua);
  sandbox.wordedByScript(true);
  const int results = callStock(lua);
  sandbox.wordedByScript(false);
  return results;
}

}  // namespace

void addStringFunctions(lua_State* lua) {
  lua_newtable(lua);
  openStock(lua, &luaopen_string);
  copyFields(lua, {"byte", "char", "len", "lower", "reverse", "sub", "upper"});
  guardField(lua, "format", &guardedFormat);
  lua_pop(lua, 1);
  addFunction(lua, "find", &find);
  addFunction(lua, "match", &match);
  addFunction(lua, "gmatch", &matches);
  addFunction(lua, "gsub", &substitute);
  addFunction(lua, "rep", &repeat);

  // Every string shares one metatable; ("x"):rep() must find the guarded function too.
  lua_pushliteral(lua, "");
  lua_getmetatable(lua, -1);
  lua_pushvalue(lua, -3);
  lua_setfield(lua, -2, "__index");
  lua_pushboolean(lua, 0);
  lua_setfield(lua, -2, "__metatable");
  lua_pop(lua, 2);

  makeReadOnly(lua);
  lua_setfield(lua, -2, "string");
}

}  // namespace penstock
