#include "http-ingest/request_body.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace penstock::test {

std::string_view refusalOf(std::string_view text) {
  RequestBody body;
  const auto problem = body.read(text);
  return problem ? problem->code : "";
}

std::string nested(std::size_t depth) {
  std::string text = R"({"a":)";
  text.append(depth - 1, '[').append(depth - 1, ']').append("}");
  return text;
}

std::string withMembers(std::size_t count) {
  std::string text = "{";
  for (std::size_t i = 0; i < count; ++i) text += (i == 0 ? "\"m" : ",\"m") + std::to_string(i) + "\":1";
  return text + "}";
}

TEST(RequestBody, RefusesWhatIsNoJson) {
  for (const std::string_view text : {"",
                                      " ",
                                      "{",
                                      "}",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1,}",
                                      "{'a':1}",
                                      "{a:1}",
                                      "{\"a\":01}",
                                      "{\"a\":NaN}",
                                      "{\"a\":1} x",
                                      "{} {}",
                                      "{}\xef\xbb\xbf",
                                      "\xef\xbb\xbf{}",
                                      "{\"a\":\"\n\"}",
                                      "/* */{}",
                                      "{\"a\":\"\\q\"}",
                                      "{\"a\":\"\\ud800\"}",
                                      "{\"a\":\"\\udc00\"}",
                                      "\xff",
                                      "{\"a\":\"\xff\"}",
                                      "{\"a\":\"\xc3\x28\"}",
                                      "{\"a\":\"\xed\xa0\x80\"}",
                                      "{\"a\":\"\xf4\x90\x80\x80\"}",
                                      "{\"a\":\"\xc0\x80\"}",
                                      "{\"\xff\":1}",
                                      "nul"})
    EXPECT_EQ(refusalOf(text), "malformed_json") << text;
  EXPECT_EQ(refusalOf(std::string_view("{\"a\":1}\0", 8)), "malformed_json");
  EXPECT_EQ(refusalOf(std::string_view("{\"a\":\"\0\"}", 9)), "malformed_json");
}

TEST(RequestBody, RefusesWhatIsNoObject) {
  for (const std::string_view text : {"[]", "[{}]", "1", "\"text\"", "true", "null"})
    EXPECT_EQ(refusalOf(text), "not_an_object") << text;
}

TEST(RequestBody, TakesNestingUpToItsLimitAndRefusesMore) {
  EXPECT_EQ(refusalOf(nested(32)), "");
  EXPECT_EQ(refusalOf(nested(33)), "malformed_json");
  EXPECT_EQ(refusalOf(nested(10'000)), "malformed_json");
  EXPECT_EQ(refusalOf(std::string(10'000, '[')), "malformed_json");
}

TEST(RequestBody, TakesMembersUpToItsLimitAndRefusesMore) {
  EXPECT_EQ(refusalOf(withMembers(512)), "");
  EXPECT_EQ(refusalOf(withMembers(513)), "malformed_json");
  EXPECT_EQ(refusalOf("{\"metadata\":" + withMembers(20'000) + "}"), "malformed_json");
  EXPECT_EQ(refusalOf(R"({"body":")" + std::string(100'000, ':') + "\"}"), "") << "text is no member";
}

TEST(RequestBody, OfMembersWithTheSameNameTheLastCounts) {
  RequestBody body;
  ASSERT_FALSE(body.read(R"({"a":1,"b":2,"a":3})"));
  EXPECT_EQ(body.members().at("a").as_int64(), 3);
  EXPECT_EQ(body.members().size(), 2U);
}

TEST(RequestBody, KeepsTextByteForByte) {
  const std::string text = "\"quoted\" \\ \t 😀 مرحبا <b>&amp;</b> \u2028 \x7f";
  std::string escaped;
  for (const char c : text) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c == '\t' ? std::string("\\t") : std::string(1, c);
  }
  RequestBody body;
  ASSERT_FALSE(body.read("{\"body\":\"" + escaped + "\"}"));
  EXPECT_EQ(std::string_view(body.members().at("body").as_string()), text);
}

TEST(RequestBody, TakesBodiesLargerThanItsOwnMemory) {
  const std::string text(200'000, 'x');
  RequestBody body;
  ASSERT_FALSE(body.read("{\"body\":\"" + text + "\"}"));
  EXPECT_EQ(std::string_view(body.members().at("body").as_string()), text);
}

TEST(RequestBody, SurvivesChangedAndRandomBytes) {
  std::mt19937 random(4711);
  const std::string good =
      R"({"from":"+1555","to":"+1666","body":"h\u00e9 \ud83d\ude00","attachments":["http://x"],"n":1e5})";
  for (int round = 0; round < 20'000; ++round) {
    std::string text = good;
    const std::size_t changes = 1 + random() % 4;
    for (std::size_t i = 0; i < changes; ++i) text[random() % text.size()] = static_cast<char>(random());
    text.resize(random() % (text.size() + 1));
    RequestBody body;
    const auto problem = body.read(text);
    EXPECT_EQ(problem ? problem->status : 400U, 400U);
  }
}

}  // namespace penstock::test
