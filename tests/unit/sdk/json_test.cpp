#include "penstock/json.h"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include <random>

namespace penstock {
namespace {

std::string asJson(std::string_view text) {
  std::string out;
  JsonWriter(out).value(text);
  return out;
}

TEST(JsonWriter, EscapesWhatMustBeEscapedAndCopiesTheRest) {
  EXPECT_EQ(asJson(""), R"("")");
  EXPECT_EQ(asJson("plain text longer than eight"), R"("plain text longer than eight")");
  EXPECT_EQ(asJson("a\"b\\c\nd\re\tf"), R"("a\"b\\c\nd\re\tf")");
  EXPECT_EQ(asJson(std::string_view("\x00\x1f", 2)), R"("\u0000\u001f")");
  EXPECT_EQ(asJson("\x7f \xc3\xa9 \xf0\x9f\x98\x80"), "\"\x7f \xc3\xa9 \xf0\x9f\x98\x80\"");
}

TEST(JsonWriter, SeparatesMembersAndItems) {
  std::string out;
  JsonWriter(out)
      .beginObject()
      .member("a", 1)
      .name("b")
      .beginArray()
      .value(true)
      .null()
      .endArray()
      .member("c", "x")
      .endObject();
  EXPECT_EQ(out, R"({"a":1,"b":[true,null],"c":"x"})");
}

TEST(JsonWriter, AnyTextComesBackFromAParser) {
  const unsigned seed = 20260301;
  std::mt19937 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    const auto length = random() % 40;
    // Mostly letters, with characters to escape at every position of a word.
    for (unsigned i = 0; i < length; ++i)
      text.push_back(static_cast<char>(random() % 4 == 0 ? random() % 0x80 : 'a' + random() % 26));
    const std::string json = asJson(text);
    const boost::json::value parsed = boost::json::parse(boost::json::string_view(json.data(), json.size()));
    const boost::json::string& read = parsed.get_string();
    ASSERT_EQ(std::string_view(read.data(), read.size()), text) << "seed " << seed << " round " << round;
  }
}

}  // namespace
}  // namespace penstock
