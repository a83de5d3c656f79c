#include "policy_bench.h"

#include <gtest/gtest.h>

namespace penstock::test {
namespace {

TEST(HostFunctions, GiveKnownAnswers) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      // FIPS 180-4 and RFC 4231, test case 2
      {"return sha256('abc')", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"return hex.encode(hmac('sha256', 'Jefe', 'what do ya want for nothing?'))",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {"return hex.encode(hmac('sha1', 'Jefe', 'what do ya want for nothing?'))",
       "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
      // RFC 4648, 10
      {"return base64.encode('') .. base64.encode('f') .. base64.encode('fo') .. base64.encode('foo')", "Zg==Zm8=Zm9v"},
      {"return base64.decode('Zm9vYg==') .. base64.decode('Zm9vYmE=') .. base64.decode('Zm9vYmFy')", "foobfoobafoobar"},
      {"return tostring(base64.decode('Zg=')) .. tostring(base64.decode('Z===')) .. tostring(base64.decode('Zh=='))",
       "nilnilnil"},
      {"return hex.encode('\\xff\\0a') .. hex.decode('4A4b') .. tostring(hex.decode('4')) .. "
       "tostring(hex.decode('zz'))",
       "ff0061JKnilnil"},
      {"return url_encode('a b&c=d/ü~')", "a%20b%26c%3Dd%2F%C3%BC~"},
      {"return tostring(equal('ab', 'ab')) .. tostring(equal('ab', 'ac')) .. tostring(equal('ab', 'abc'))",
       "truefalsefalse"},
      {"return normalize_phone('1 (555) 123-4567') .. tostring(normalize_phone('x')) .. tostring(normalize_phone(5))",
       "+15551234567nilnil"},
      {"local a, b = normalize_email('Ann <Ann+x@B.c>') return a .. ' ' .. b", "ann@b.c Ann+x@B.c"},
      {"return tostring(normalize_email('x'))", "nil"},
      {"return tostring(is_sender_name('ACME')) .. tostring(is_sender_name('123')) .. tostring(is_sender_name(nil))",
       "truefalsefalse"},
      {"return tostring(is_http_url('https://a/b')) .. tostring(is_http_url('a/b'))", "truefalse"},
      {"return time.format(time.parse('2026-03-01T13:00:00.250+01:00'))", "2026-03-01T12:00:00.250Z"},
      {"return tostring(time.parse('2026-03-01')) .. time.format(time.now())", "nil2026-03-01T00:00:00.000Z"},
      {R"(return json.encode({b = 1, a = {1, "x", true}, c = json.null, d = {}}))",
       R"({"a":[1,"x",true],"b":1,"c":null,"d":{}})"},
      {R"(return json.encode(json.decode('{"z":[],"y":[null,2.5e0],"x":{"k":"\\u00fc"}}')))",
       R"({"x":{"k":"ü"},"y":[null,2.5E0],"z":[]})"},
      {R"(local v, why = json.decode('{') return tostring(v) .. " " .. why)", "nil not JSON"},
      {R"(return tostring(json.decode(('['):rep(100) .. (']'):rep(100))))", "nil"},
      {"return type(json.null) .. tostring(json.is_list({1})) .. tostring(json.is_list({})) .. "
       "tostring(json.is_list(1))",
       "userdatatruefalsefalse"},
      {"local r = math.random() return tostring(r >= 0 and r < 1)", "true"},
  };
  for (const auto& [code, answer] : cases) EXPECT_EQ(evaluate(code), answer) << code;
}

TEST(HostFunctions, LoggedTextIsRedactedShortAndRare) {
  PolicyBench bench;
  bench.scripts.write(ScriptName::Conversation, R"(return function(draft)
    for i = 1, 100 do log("from " .. draft.from .. (" "):rep(1000)) end
    return "c"
  end)");
  for (int i = 0; i < 100; ++i) bench.admit(Request::sms(kSms));
  EXPECT_EQ(bench.log.count("policy.script_log"), 20U);
  for (const Poco::Message& line : bench.log.lines()) {
    if (line.get("event", "") != "policy.script_log") continue;
    EXPECT_EQ(line.getText().find("5551234567"), std::string::npos);
    EXPECT_NE(line.getText().find("[phone *67]"), std::string::npos);
    EXPECT_LE(line.getText().size(), 600U);
    EXPECT_EQ(line.get("request_id"), "request-1");
  }
}

TEST(HostFunctions, LoggedTextIsDroppedWhenItCannotBeRedacted) {
  PolicyBench bench;
  bench.scripts.write(ScriptName::Conversation, "return function(draft) log(draft.from) return 'c' end");
  bench.scripts.write(ScriptName::Redact, "return function() error('x') end");
  bench.event(Request::sms(kSms));
  EXPECT_EQ(bench.log.count("policy.script_log"), 1U);
  for (const Poco::Message& line : bench.log.lines()) EXPECT_EQ(line.getText().find("555"), std::string::npos);
}

}  // namespace
}  // namespace penstock::test
