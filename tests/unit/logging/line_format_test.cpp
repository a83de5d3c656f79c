#include "logging/line_format.h"

#include <Poco/Message.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace penstock::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

constexpr std::int64_t kNoon = 1'772'366'400'250'999;  // 2026-03-01T12:00:00.250999Z

std::string line(LineFormat format, std::string_view sentence,
                 std::vector<std::pair<std::string, std::string>> fields = {}, std::string_view event = "test.event") {
  std::string text;
  LineWriter writer(format, text);
  writer.begin({kNoon, Poco::Message::PRIO_WARNING, "worker", event, sentence});
  for (const auto& [name, value] : fields) writer.field(name, value);
  writer.end();
  return text;
}

const std::vector<std::string>& hostileTexts() {
  static const std::vector<std::string> texts = {
      "",
      "plain",
      "two\nlines\r\nand more",
      std::string("zero\0byte", 9),
      "tab\tand\x1b[31mescape\x7f",
      R"("quotes" and \ and {"json":1})",
      "\xff\xfe\x80 bytes",
      "cut \xe2\x82",
      "overlong \xc0\xaf \xe0\x80\xaf",
      "surrogate \xed\xa0\x80",
      "beyond \xf4\x90\x80\x80",
      "next\xc2\x85line \xe2\x80\xa8 and \xe2\x80\xa9",
      "turn \xe2\x80\xae around",
      "emoji 🎉 and עברית",
      std::string(100'000, 'x'),
      std::string(8190, 'x') + "éééé",
      std::string(9000, '\n'),
  };
  return texts;
}

TEST(JsonLine, HasTheFieldsOfEveryLine) {
  EXPECT_EQ(line(LineFormat::Json, "Gone", {{"request_id", "r1"}, {"attempt", "3"}}),
            R"({"time":"2026-03-01T12:00:00.250Z","level":"warning","logger":"worker","message":"Gone",)"
            R"("event":"test.event","request_id":"r1","attempt":"3"})"
            "\n");
}

TEST(JsonLine, ParsesAndStaysOneLineWhateverTheTexts) {
  for (const std::string& text : hostileTexts()) {
    const std::string written = line(LineFormat::Json, text, {{text, text}, {"plain", text}}, text);
    EXPECT_THAT(written, EndsWith("}\n"));
    for (const char c : std::string_view(written).substr(0, written.size() - 1))
      ASSERT_FALSE(static_cast<unsigned char>(c) < 0x20 || c == 0x7f) << written;
    const auto parsed = boost::json::parse(written).as_object();
    EXPECT_EQ(parsed.at("level"), "warning");
    EXPECT_THAT(std::string(parsed.at("plain").as_string()), testing::SizeIs(testing::Le(30'000U)));
  }
}

TEST(JsonLine, KeepsWhatIsUtf8AndReplacesWhatIsNot) {
  const auto message = [](std::string_view text) {
    return std::string(boost::json::parse(line(LineFormat::Json, text)).at("message").as_string());
  };
  EXPECT_EQ(message("two\nlines \"and\" \\ 🎉"), "two\nlines \"and\" \\ 🎉");
  EXPECT_EQ(message("a\xff\xe2\x82z"), "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz");
  EXPECT_EQ(message("\xc2\x85 \xe2\x80\xa8"), "\xc2\x85 \xe2\x80\xa8") << "escaped in the line, the same when parsed";
  EXPECT_THAT(line(LineFormat::Json, "\xe2\x80\xae"), HasSubstr("\\u202e"));
  EXPECT_EQ(message(std::string(8191, 'x') + "é" + std::string(100, 'y')), std::string(8191, 'x') + "…");
}

TEST(JsonLine, AFieldCannotReplaceTheHead) {
  const auto parsed = boost::json::parse(
      line(LineFormat::Json, "real", {{"message", "forged"}, {"level", "forged"}, {"time", "forged"}, {"event", "x"}}));
  EXPECT_EQ(parsed.at("message"), "real");
  EXPECT_EQ(parsed.at("message_"), "forged");
  EXPECT_EQ(parsed.at("level"), "warning");
  EXPECT_EQ(parsed.at("event"), "test.event");
}

TEST(JsonLine, ManyFieldsAreCut) {
  const std::vector<std::pair<std::string, std::string>> fields(200, {"name", std::string(9000, 'v')});
  EXPECT_LT(line(LineFormat::Json, "many", fields).size(), 500'000U);
}

TEST(TextLine, IsReadable) {
  EXPECT_EQ(line(LineFormat::Text, "The lease is gone", {{"request_id", "r1"}, {"reason", "two words"}, {"empty", ""}}),
            "2026-03-01T12:00:00.250Z warning worker: The lease is gone event=test.event request_id=r1 "
            "reason=\"two words\" empty=\"\"\n");
}

TEST(TextLine, StaysOneLineAndSendsNoControlsToTheTerminal) {
  for (const std::string& text : hostileTexts()) {
    const std::string written = line(LineFormat::Text, text, {{text, text}}, text);
    for (const char c : std::string_view(written).substr(0, written.size() - 1))
      ASSERT_FALSE(static_cast<unsigned char>(c) < 0x20 || c == 0x7f) << written;
    EXPECT_THAT(written, testing::Not(HasSubstr("\xc2\x9b")));
  }
}

TEST(Line, TimeIsRightAcrossSeconds) {
  const auto time = [](std::int64_t microseconds) {
    std::string text;
    LineWriter(LineFormat::Text, text).begin({microseconds, 6, "l", "", ""});
    return text.substr(0, 24);
  };
  EXPECT_EQ(time(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(time(951'782'399'999'999), "2000-02-28T23:59:59.999Z");
  EXPECT_EQ(time(951'782'400'000'000), "2000-02-29T00:00:00.000Z");
  EXPECT_EQ(time(951'782'399'999'999), "2000-02-28T23:59:59.999Z");
  EXPECT_EQ(time(-5), "1970-01-01T00:00:00.000Z");
}

}  // namespace
}  // namespace penstock::test
