#include "penstock/time.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

using namespace std::chrono_literals;

std::string again(std::string_view text) {
  const auto time = parseTime(text);
  return time ? formatTime(*time) : "unreadable";
}

TEST(Time, IsReadWithItsZoneAndWrittenInUtc) {
  EXPECT_EQ(again("2026-03-01T12:00:00Z"), "2026-03-01T12:00:00.000Z");
  EXPECT_EQ(again("2026-03-01t12:00:00z"), "2026-03-01T12:00:00.000Z");
  EXPECT_EQ(again("2026-03-01 12:00:00.25+02:30"), "2026-03-01T09:30:00.250Z");
  EXPECT_EQ(again("2026-03-01T12:00:00.123456789-00:00"), "2026-03-01T12:00:00.123Z");
  EXPECT_EQ(again("2024-02-29T23:59:60Z"), "2024-03-01T00:00:00.000Z");
  EXPECT_EQ(parseTime("1970-01-01T00:00:00.000001Z"), WallTime{1us});
}

TEST(Time, ThatIsNoneIsRefused) {
  for (const char* wrong :
       {"", "2026", "2026-03-01", "2026-03-01T12:00:00", "2026-03-01T12:00Z", "2026-02-29T12:00:00Z",
        "2026-13-01T12:00:00Z", "2026-03-01T24:00:00Z", "2026-03-01T12:60:00Z", "2026-03-01T12:00:61Z",
        "2026-03-01T12:00:00.Z", "2026-03-01T12:00:00+0200", "2026-03-01T12:00:00+24:00", "2026-03-01T12:00:00Zx",
        " 2026-03-01T12:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59-01:00", "2026-03-01T12:00:00,5Z",
        "+2026-03-01T12:00:00Z"})
    EXPECT_EQ(again(wrong), "unreadable") << wrong;
}

}  // namespace
}  // namespace penstock
