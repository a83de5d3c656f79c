#include "policy_bench.h"

#include <lua.hpp>

#include <gtest/gtest.h>

namespace penstock::test {
namespace {

/// The same code in a stock Lua, to compare with.
std::string stock(const std::string& code) {
  lua_State* lua = luaL_newstate();
  luaL_openlibs(lua);
  std::string result = "raised";
  if (luaL_dostring(lua, ("return (function() " + code + " end)()").c_str()) == LUA_OK && lua_isstring(lua, -1) != 0)
    result.assign(lua_tostring(lua, -1), lua_rawlen(lua, -1));
  lua_close(lua);
  return result;
}

// Everything a call answers, as one text.
const std::string kShow = R"(
  local function show(...)
    local r = table.pack(...)
    for i = 1, r.n do r[i] = tostring(r[i]) end
    return "=" .. table.concat(r, "|")
  end
  local function try(f, ...)
    local ok = table.pack(pcall(f, ...))
    if not ok[1] then return "raised" end
    return show(table.unpack(ok, 2, ok.n))
  end
)";

TEST(Pattern, AnswersAsTheStockLibraryDoes) {
  const std::vector<std::string> calls = {
      R"-(string.find, "hello world", "o w")-",
      R"-(string.find, "hello world", "o", 6)-",
      R"-(string.find, "hello", "l", -2)-",
      R"-(string.find, "hello", "", 6)-",
      R"-(string.find, "hello", "", 7)-",
      R"-(string.find, "hello", "xyz")-",
      R"-(string.find, "a.b", ".", 1, true)-",
      R"-(string.find, "a+b", "+", 2, true)-",
      R"-(string.find, "hello", "(l)(l)")-",
      R"-(string.find, "hello", "()ll()")-",
      R"-(string.find, "  x", "^%s*")-",
      R"-(string.find, "abc", "^b")-",
      R"-(string.find, "abc", "b$")-",
      R"-(string.find, "abc$", "c$$")-",
      R"-(string.find, "a^b", "a^")-",
      R"-(string.find, 123, 2)-",
      R"-(string.match, "key = value", "^(%w+)%s*=%s*(%w+)$")-",
      R"-(string.match, "2026-03-01", "(%d+)-(%d+)-(%d+)")-",
      R"-(string.match, "hello", ".-(l+)")-",
      R"-(string.match, "aaa", "a-")-",
      R"-(string.match, "aaab", "a-b")-",
      R"-(string.match, "aab", "a?a?a?b")-",
      R"-(string.match, "[[x]]", "%[%[(.*)%]%]")-",
      R"-(string.match, "]x", "[]]")-",
      R"-(string.match, "a-z", "[a%-z]+")-",
      R"-(string.match, "m-", "[a-z-]+")-",
      R"-(string.match, "\xe9x", "[\x80-\xff]")-",
      R"-(string.match, "a\0b", "%z")-",
      R"-(string.match, "a\0b", "[%z]")-",
      R"-(string.match, "abc", "[^a-b]")-",
      R"-(string.match, "THE (quick) fox", "%((%a+)%)")-",
      R"-(string.match, "f(a(b)c)d", "%b()")-",
      R"-(string.match, "THE (quick) fox", "%f[%a]%a+%f[%A]")-",
      R"-(string.match, "abab", "(ab)%1")-",
      R"-(string.match, "abcd", "(ab)%1")-",
      R"-(string.match, "x", "()")-",
      R"-(string.match, "", "^$")-",
      R"-(string.match, "hello", "%l+", 3)-",
      R"-(string.match, "hello", "l", 10)-",
      R"-(string.match, "0x1F", "%x+", 3)-",
      R"-(string.match, "a,b", "%p")-",
      R"-(string.match, "a\tb", "%c")-",
      R"-(string.match, "aB", "%u")-",
      R"-(string.match, "aB", "%U")-",
      R"-(string.match, "x y", "%S+$")-",
      R"-(string.match, "x", "(")-",
      R"-(string.match, "x", ")")-",
      R"-(string.match, "x", "%")-",
      R"-(string.match, "x", "[x")-",
      R"-(string.match, "x", "[^")-",
      R"-(string.match, "x", "[%")-",
      R"-(string.match, "x", "%f")-",
      R"-(string.match, "x", "%bx")-",
      R"-(string.match, "x", "%2")-",
      R"-(string.gsub, "hello world", "o", "0")-",
      R"-(string.gsub, "hello world", "o", "0", 1)-",
      R"-(string.gsub, "hello", "", "-")-",
      R"-(string.gsub, "abc", "%w", "%0%0")-",
      R"-(string.gsub, "abc def", "(%w+) (%w+)", "%2 %1")-",
      R"-(string.gsub, "abc", "%w", "%%")-",
      R"-(string.gsub, "abc", "(b)()", "<%1%2>")-",
      R"-(string.gsub, "abc", "^a", "x")-",
      R"-(string.gsub, "aaa", "^a", "x")-",
      R"-(string.gsub, "$name is $age", "%$(%w+)", {name = "Ann", age = 7})-",
      R"-(string.gsub, "$name $none", "%$(%w+)", {name = "Ann"})-",
      R"-(string.gsub, "abc", "%w", function(c) if c == "b" then return "[" .. c .. "]" end end)-",
      R"-(string.gsub, "abc", "b*", "x")-",
      R"-(string.gsub, "abc", "b", "x", 0)-",
      R"-(string.gsub, "abc", "b", 5)-",
      R"-(string.gsub, "abc", "b", "%9")-",
      R"-(string.gsub, "abc", "b", true)-",
      R"-(string.rep, "ab", 3, ",")-",
      R"-(string.rep, "ab", 0)-",
      R"-(string.rep, "ab", -1)-",
      R"-(string.rep, "", 100)-",
      R"-(string.rep, "", 3, "x")-",
      R"-(string.format, "%5.2f|%s|%q|%d", 1.5, "x", "y", 7)-",
      R"-(table.concat, {1, 2, 3}, ",", 2)-",
      R"-(table.concat, {1, 2, 3}, ",", 3, 2)-",
      R"-(table.concat, {}, ",")-",
      R"-(table.concat, {{}}, ",")-",
      R"-(table.unpack, {1, 2, 3}, 2)-",
      R"-(table.unpack, {}, 1, 3)-",
      R"-(tonumber, "0x10")-",
      R"-(tonumber, "10", 2)-",
      R"-(tonumber, "z")-",
      R"-(utf8.len, "h\u{e9}llo")-",
      R"-(utf8.len, "\xff")-",
  };
  for (const std::string& call : calls) {
    const std::string code = kShow + "return try(" + call + ")";
    EXPECT_EQ(evaluate(code), stock(code)) << call;
  }
}

TEST(Pattern, IterationAnswersAsTheStockLibraryDoes) {
  for (const char* call :
       {R"-(string.gmatch("one two  three", "%a+"))-", R"-(string.gmatch("a=1, b=2", "(%w+)=(%w+)"))-",
        R"-(string.gmatch("abc", ""))-", R"-(string.gmatch("aaa", "a*"))-", R"-(string.gmatch("abc", "b*"))-",
        R"-(string.gmatch("hello", "l", 4))-", R"-(string.gmatch("hello", "l", -1))-",
        R"-(string.gmatch("x", "x", 9))-"}) {
    const std::string code = std::string("local r = '' for a, b in ") + call +
                             " do r = r .. '<' .. a .. ',' .. tostring(b) .. '>' end return 'r' .. r";
    EXPECT_EQ(evaluate(code), stock(code)) << call;
  }
}

TEST(Pattern, RandomPatternsAnswerAsTheStockLibraryDoes) {
  // One state for all: the code itself draws the patterns, from the same seed on both sides.
  const std::string code = kShow + R"lua(
    local seed = 42
    local function draw(n) seed = (seed * 1103515245 + 12345) % 2147483648 return seed // 65536 % n + 1 end
    local parts = {"a", "b", ".", "%a", "%d", "[ab]", "[^a]", "[a-c]", "(", ")", "()", "*", "+", "-", "?", "^", "$",
                   "%b()", "%f[a]", "%1", "%", "[", "]"}
    local letters = {"a", "b", "c", "1", "(", ")", " "}
    local out = {}
    for i = 1, 400 do
      local pattern, subject = "", ""
      for _ = 1, draw(6) do pattern = pattern .. parts[draw(#parts)] end
      for _ = 1, draw(8) do subject = subject .. letters[draw(#letters)] end
      out[#out + 1] = try(string.find, subject, pattern) .. try(string.gsub, subject, pattern, "<%0>")
    end
    return table.concat(out, "\n"))lua";
  EXPECT_EQ(evaluate(code), stock(code));
}

}  // namespace
}  // namespace penstock::test
