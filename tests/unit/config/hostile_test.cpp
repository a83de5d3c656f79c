#include "config_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <lua.hpp>
#include <memory>

namespace penstock::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

struct Hostile {
  std::string name;
  std::string lua;
  std::string fault;
};

void PrintTo(const Hostile& hostile, std::ostream* out) { *out << hostile.name; }

class HostileFile : public testing::TestWithParam<Hostile> {};

TEST_P(HostileFile, IsRefusedWithASentence) {
  ConfigFolder folder(GetParam().lua);
  EXPECT_THAT(folder.faults(kWorker), Contains(HasSubstr(GetParam().fault)));
}

std::string repeated(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

INSTANTIATE_TEST_SUITE_P(
    Files, HostileFile,
    testing::Values(
        Hostile{"EndlessLoop", "while true do end", "penstock.lua:1: runs too long"},
        Hostile{"EndlessRecursion", "local function f() return f() end f()", "penstock.lua:1: runs too long"},
        Hostile{"DeepRecursion", "local function f() return 1 + f() end f()",
                "penstock.lua: needs more than 16 MB of memory"},
        Hostile{"MemoryBomb", "local t = {} for i = 1, 1e9 do t[i] = i end", "needs more than 16 MB of memory"},
        Hostile{"TextBomb", "local s = 'x' while true do s = s .. s end", "needs more than 16 MB of memory"},
        Hostile{"SlowSort",
                "local t = {} for i = 1, 1e5 do t[i] = i end "
                "table.sort(t, function() while true do end end)",
                "runs too long"},
        Hostile{"DeepText", "return " + repeated("{", 100'000), "penstock.lua: C stack overflow"},
        Hostile{"DeepTable", "local t = {} for i = 1, 1e5 do t = { a = t } end return { worker = t }",
                "is nested more than 32 tables deep, or holds itself"},
        Hostile{"Cycle", "local t = {} t.a = t return t", "is nested more than 32 tables deep, or holds itself"},
        Hostile{"Explosion", "local t = { x = 1 } for i = 1, 30 do t = { a = t, b = t } end return t",
                "holds more than 10000 keys"},
        Hostile{"ManyKeys", "local t = {} for i = 1, 20000 do t['k' .. i] = 1 end return t",
                "holds more than 10000 keys"},
        Hostile{"LongText", "local s = 'x' for i = 1, 17 do s = s .. s end return { a = s }", "is longer than 64 KB"},
        Hostile{"LongName", "local s = 'x' for i = 1, 9 do s = s .. s end return { [s] = 1 }", "which no key can have"},
        Hostile{"OddName", "return { ['a\\nb'] = 1 }", "which no key can have"},
        Hostile{"EmptyName", "return { [''] = 1 }", "which no key can have"},
        Hostile{"Mixed", "return { worker = { 1, name = 'x' } }", "worker mixes names and list items"},
        Hostile{"Gaps", "return { worker = { [1] = 1, [3] = 3 } }", "worker mixes names and list items"},
        Hostile{"NumberName", "return { worker = { [2.5] = 1 } }", "worker mixes names and list items"},
        Hostile{"Function", "return { worker = { name = function() end } }", "worker.name is a function"},
        Hostile{"ListOfTables", "return { worker = { tags = { {} } } }", "worker.tags holds a table as a list item"},
        Hostile{"Twice", "return { worker = { name = 'a' }, ['worker.name'] = 'b' }", "worker.name is given twice"},
        Hostile{"TableAsError", "error({})", "ended with an error that is not text"},
        Hostile{"WriteEnvironment", "env.PATH = 'x' return {}", "env cannot be written"}),
    [](const auto& test) { return test.param.name; });

TEST(HostileFile, ReachesNothingOutside) {
  for (const std::string name :
       {"io",     "os",      "require",        "load",  "loadstring", "loadfile",     "dofile",
        "debug",  "package", "coroutine",      "pcall", "xpcall",     "setmetatable", "getmetatable",
        "rawset", "rawget",  "collectgarbage", "print", "_G",         "_ENV.io"}) {
    ConfigFolder folder("return { a = " + name + " }");
    EXPECT_THAT(folder.faults(kWorker), ElementsAre(HasSubstr("unknown name"))) << name;
  }
  for (const std::string call :
       {"string.rep('', 1 << 62)", "('x'):rep(1 << 30)", "('x'):find('x')", "('x'):gsub('x', 'y')",
        "string.dump(include)", "table.move({}, 1, 1 << 62, 2)", "math.random()"}) {
    ConfigFolder folder("return { a = " + call + " }");
    EXPECT_THAT(folder.faults(kWorker), ElementsAre(HasSubstr("attempt to call a nil value"))) << call;
  }
}

TEST(HostileFile, FewButSlowStepsEndToo) {
  ConfigFolder folder("local s = 'x' for i = 1, 22 do s = s .. s end local t for i = 1, 1e9 do t = s .. i end");
  LuaLimits limits;
  limits.time = std::chrono::milliseconds(20);
  limits.instructions = std::numeric_limits<std::uint64_t>::max();
  try {
    evaluateLua(folder.path("penstock.lua"), "penstock.lua", {}, limits);
    FAIL() << "not ended";
  } catch (const ConfigurationFaults& failure) {
    EXPECT_THAT(failure.faults, ElementsAre(HasSubstr("penstock.lua:1: runs too long")));
  }
}

TEST(HostileFile, TablesNestToTheLimitAndNoFurther) {
  const auto nested = [](int tables) {
    return "local t = 1 for i = 1, " + std::to_string(tables) + " do t = { a = t } end return t";
  };
  ConfigFolder folder(nested(32));
  EXPECT_EQ(evaluateLua(folder.path("penstock.lua"), "penstock.lua", {}).values.size(), 1U);
  folder.write("penstock.lua", nested(33));
  EXPECT_THROW(evaluateLua(folder.path("penstock.lua"), "penstock.lua", {}), ConfigurationFaults);
}

TEST(HostileFile, CompiledLuaIsRefused) {
  const std::unique_ptr<lua_State, decltype(&lua_close)> lua(luaL_newstate(), &lua_close);
  ASSERT_EQ(luaL_loadstring(lua.get(), "return {}"), LUA_OK);
  std::string compiled;
  const auto append = [](lua_State*, const void* block, std::size_t size, void* to) {
    static_cast<std::string*>(to)->append(static_cast<const char*>(block), size);
    return 0;
  };
  ASSERT_EQ(lua_dump(lua.get(), append, &compiled, 0), 0);
  ConfigFolder folder(compiled);
  EXPECT_THAT(folder.faults(kWorker), ElementsAre("penstock.lua: is compiled Lua; only text is read"));
}

TEST(HostileFile, HugeFilesAreRefused) {
  ConfigFolder folder("return {} --" + std::string(2U << 20U, 'x'));
  EXPECT_THAT(folder.faults(kWorker), ElementsAre(HasSubstr("it is larger than 1 MB")));
}

TEST(HostileFile, LongValuesAreCutInFaults) {
  ConfigFolder folder("local s = 'é' for i = 1, 12 do s = s .. s end return { worker = { lease = s } }");
  const auto faults = folder.faults(kWorker);
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_LT(faults[0].size(), 250U);
}

}  // namespace
}  // namespace penstock::test
