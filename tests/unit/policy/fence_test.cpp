#include "policy_bench.h"

#include <gmock/gmock.h>

namespace penstock::test {
namespace {

/// Runs code as validate.lua for an SMS. The failure's reason, or nothing when it came through.
std::optional<FailureReason> attack(const std::string& code, Duration deadline) {
  PolicyBench bench;
  bench.settings.deadline = deadline;
  bench.scripts.write(ScriptName::Validate, "return function(draft, settings)\n" + code + "\nend");
  Request request = Request::sms(kSms);
  bench.host().admit(request.asDraft());
  for (const FailureReason reason : kFailureReasons)
    if (bench.failures(ScriptName::Validate, reason) > 0) return reason;
  return std::nullopt;
}

class Stopped : public testing::TestWithParam<std::string> {};

TEST_P(Stopped, AtTheDeadlineOrForMemory) {
  const auto reason = attack(GetParam(), std::chrono::milliseconds(20));
  ASSERT_TRUE(reason.has_value());
  EXPECT_THAT(*reason, testing::AnyOf(FailureReason::Deadline, FailureReason::Memory));
}

INSTANTIATE_TEST_SUITE_P(
    Attacks, Stopped,
    testing::Values(
        "while true do end", "repeat until false", "for i = 1, math.huge do end",
        "local function f() return f() end f()", "while true do pcall(function() while true do end end) end",
        "local function again() pcall(again) again() end again()",
        "pcall(function() pcall(function() while true do end end) end) while true do end",
        "local t = {} while true do t[#t + 1] = t end", "local s = 'x' while true do s = s .. s end",
        "local s = ('x'):rep(1e6) while true do local t = s .. 'y' end", "local t = {} for i = 1, 1e9 do t[i] = {} end",
        "while true do pcall(string.rep, 'x', 1e6) end",
        "return string.find(('a'):rep(30), ('a?'):rep(30) .. ('a'):rep(30))",
        "return string.find(('a'):rep(5e5), '.-.-.-.-b')", "return string.match(('a'):rep(5e5), '(.-)(.-)(.-)b')",
        "return string.gsub(('a'):rep(5e5), '.-b', '')", "for _ in string.gmatch(('a'):rep(5e5), '.-.-b') do end",
        "return string.find(('('):rep(5e5), '%b()')",
        "return string.find(('a'):rep(5e5), '[' .. ('b'):rep(5e5) .. ']-c')",
        "local s = ('a'):rep(5e5) return string.find(s, '(a*)%1%1%1b')",
        "local s = ('1'):rep(1e6) while true do local n = tonumber(s) end",
        "local s = ('x'):rep(1e6) while true do local n = utf8.len(s) end",
        "local s = ('x'):rep(1e6) while true do local n = s:find('y', 1, true) end",
        "local t = {} for i = 1, 1e5 do t[i] = i end while true do table.insert(t, 1, 0) table.remove(t, 1) end",
        "local t = {} for i = 1, 1e4 do t[i] = i end while true do table.sort(t) end",
        "local t = {} for i = 1, 100 do t[i] = '' end while true do table.concat(t) end",
        "local s = ('x'):rep(1e6) while true do sha256(s) end",
        "local s = ('x'):rep(1e6) while true do base64.encode(s) end",
        "local s = '[' .. ('1,'):rep(1e5) .. '1]' while true do json.decode(s) end",
        "local t = {1} while true do json.encode({t, t, t}) end",
        "table.sort({1, 2, 3}, function() while true do end end)",
        "string.gsub('abc', '.', function() while true do end end)", "local x <const> = 1 while x do end",
        "::again:: goto again"));

INSTANTIATE_TEST_SUITE_P(Recursion, Stopped,
                         testing::Values("local function f() return 1 + f() end return f()",
                                         "local function f() local a, b, c, d = f(), f(), f(), f() end return f()"));

class Refused : public testing::TestWithParam<std::string> {};

TEST_P(Refused, WithAnError) { EXPECT_EQ(attack(GetParam(), std::chrono::seconds(5)), FailureReason::Error); }

INSTANTIATE_TEST_SUITE_P(
    Attacks, Refused,
    testing::Values(
        "leak = 1", "_G.x = 1", "string.rep = nil", "string.find = function() end", "math.x = 1", "json.null = 1",
        "settings.max_attachments = 100", "table.insert(string, 1)", "_ENV.x = 1", "return undefined_name",
        "io.open('/etc/passwd')", "os.exit(0)", "require('os')", "package.loadlib('x', '*')", "debug.getregistry()",
        "load('return 1')", "loadstring('return 1')", "dofile('/etc/passwd')", "loadfile('/etc/passwd')",
        "string.dump(print)", "print('x')", "collectgarbage('stop')", "coroutine.create(function() end)",
        "getmetatable('').__index.rep = nil", "setmetatable({}, {__gc = function() end})", "rawset(string, 'rep', 1)",
        "xpcall(error, print)", "math.randomseed(1)", "table.move({}, 1, 1e9, 2)", "string.pack('i', 1)",
        "('x'):rep(1e9)", "('x'):rep(1e18)", "('x'):rep(1e6, ('y'):rep(1e6))", "local s = (''):rep(1e15) .. nil",
        "return setmetatable", "table.unpack({}, 1, 1e7)", "table.unpack({}, 1, 1e18)",
        "table.unpack({}, -9223372036854775807, 9223372036854775807)", "table.concat({}, 'x', 1, 9223372036854775807)",
        "string.char(table.unpack({}, 1, 5000))", "string.find('x', '[')", "string.find('x', '%')",
        "string.find('x', '(')", "string.find('x', '%1')", "string.find('x', '[%')", "string.find('x', '%f')",
        "string.find('x', '%b')", "string.gsub('x', 'x', '%2')", "string.gsub('x', 'x', '%')",
        "string.gsub('x', '.', function() return {} end)", "string.find('x', ('('):rep(33) .. (')'):rep(33))",
        "string.find(('x'):rep(300), ('x?'):rep(300))", "json.encode({[1.5] = 1})", "json.encode(0/0)",
        "json.encode(print)", "local t = {} t.t = t json.encode(t)", "local t = {} t[1] = t json.encode(t)",
        "local t = {} for i = 1, 40 do t = {t, t} end json.encode(t)", "error(nil)", "error(error)",
        "error(('x'):rep(1e6))", "local t = {} error(t)", "time.format(1e300)", "time.format(0/0)", "time.format(-1)",
        "hmac('md5', 'k', 't')", "sha256(1)", "normalize_phone()", "utf8.char(-1)", "utf8.codepoint('\\xff', 1)",
        "string.format('%d', 'x')", "string.format('%10000d', 1)", "return ('x') < 1", "return #nil",
        "local a <close> = {}", "local function deep(n) return pcall(deep, n + 1) end deep(1) error('x')"));

TEST(Fence, BytecodeIsNotLoaded) {
  PolicyBench bench;
  bench.scripts.write(ScriptName::Redact, "\x1bLua\x54 whatever");
  EXPECT_THROW(bench.host(), PolicyFault);
}

TEST(Fence, AScriptThatBurnsTimeWhileLoadingIsRefused) {
  for (const char* text : {"while true do end", "local t = {} while true do t = {t} end",
                           "return (('a?'):rep(30) .. ('a'):rep(30)):rep(100):find(('a?'):rep(30))",
                           "pcall(function() while true do end end)"}) {
    PolicyBench bench;
    bench.scripts.write(ScriptName::Redact, text);
    EXPECT_THROW(bench.host(), PolicyFault) << text;
  }
}

TEST(Fence, PcallStillCatchesOrdinaryErrors) {
  EXPECT_EQ(evaluate("local ok, message = pcall(error, {code = 7}) return tostring(ok) .. message.code"), "false7");
  EXPECT_EQ(evaluate("local ok, a, b = pcall(function(...) return ... end, 1, 2) return tostring(ok) .. a .. b"),
            "true12");
  EXPECT_EQ(evaluate("return tostring(select('#', pcall(error)))"), "2");
}

TEST(Fence, LibrariesLookTheSameFromEveryName) {
  EXPECT_EQ(evaluate("return tostring(string.rep == ('x').rep)"), "true");
  EXPECT_EQ(evaluate("local n = 0 for _ in pairs(string) do n = n + 1 end return tostring(n)"), "0");
}

TEST(Fence, ATextOfTheLargestRequestCanBeSearchedInOneCall) {
  PolicyBench bench;
  bench.scripts.write(ScriptName::Validate, R"(return function(draft)
    assert(#draft.body == 250 * 1024)
    assert(not string.find(draft.body, "needle", 1, true))
    assert(not string.find(draft.body, "%d"))
    assert(#string.gsub(draft.body, "x", "y") == #draft.body)
  end)");
  Request request = Request::sms(kSms);
  request.value.as_object()["body"] = std::string(250 << 10, 'x');
  EXPECT_EQ(bench.admit(request).verdict, Admission::Verdict::Admitted);
}

TEST(Fence, AStateKeepsWithinItsMemoryOverManyCalls) {
  PolicyBench bench;
  bench.settings.memory = 4 << 20;
  Request request = Request::sms(kSms);
  request.value.as_object()["body"] = std::string(200 << 10, 'x');
  for (int i = 0; i < 300; ++i) ASSERT_EQ(bench.admit(request).verdict, Admission::Verdict::Admitted) << i;
}

}  // namespace
}  // namespace penstock::test
