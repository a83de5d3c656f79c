#include "ctl/output.h"

#include "ctl/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <sstream>

namespace penstock::ctl {
namespace {

TEST(Output, ASpanHasTwoUnitsAtMost) {
  EXPECT_EQ(span(0), "0 ms");
  EXPECT_EQ(span(0.35), "350 ms");
  EXPECT_EQ(span(0.9999), "1.0 s");
  EXPECT_EQ(span(4.24), "4.2 s");
  EXPECT_EQ(span(59.94), "59.9 s");
  EXPECT_EQ(span(59.97), "1 min");
  EXPECT_EQ(span(200), "3 min 20 s");
  EXPECT_EQ(span(5 * 3600 + 120), "5 h 2 min");
  EXPECT_EQ(span(3 * 86400 + 59), "3 d");
  EXPECT_EQ(span(12 * 86400 + 3 * 3600), "12 d 3 h");
  EXPECT_EQ(span(-1), "-");
  EXPECT_EQ(span(std::numeric_limits<double>::quiet_NaN()), "-");
  EXPECT_FALSE(span(std::numeric_limits<double>::infinity()).empty());
}

TEST(Output, AFigureHasAsManyDigitsAsHelp) {
  EXPECT_EQ(figure(0), "0");
  EXPECT_EQ(figure(5), "5");
  EXPECT_EQ(figure(0.256), "0.26");
  EXPECT_EQ(figure(9.999), "10.0");
  EXPECT_EQ(figure(12.34), "12.3");
  EXPECT_EQ(figure(999.6), "1,000");
  EXPECT_EQ(figure(1234567), "1,234,567");
  EXPECT_EQ(figure(-1234), "-1,234");
  EXPECT_EQ(figure(-123), "-123");
  EXPECT_EQ(figure(std::numeric_limits<double>::infinity()), "-");
}

TEST(Output, BytesAreInTheLargestUnit) {
  EXPECT_EQ(bytes(512), "512 B");
  EXPECT_EQ(bytes(1536.0 * 1024), "1.5 MB");
}

TEST(Output, ACountHasItsPlural) {
  EXPECT_EQ(plural(1, "message"), "1 message");
  EXPECT_EQ(plural(0, "message"), "0 messages");
}

TEST(Output, ColumnsAreAsWideAsTheirWidestCell) {
  Table table({"A", "B"});
  table.add({"ünï", "x"});
  std::ostringstream out;
  table.print(out);
  EXPECT_EQ(out.str(), "A    B\nünï  x\n");
}

TEST(Output, CellsAreWhatATerminalShows) {
  EXPECT_EQ(cellsIn("abc"), 3U);
  EXPECT_EQ(cellsIn("ünï…"), 4U);
  EXPECT_EQ(cellsIn("日本"), 4U);
  EXPECT_EQ(cellsIn("e\u0301"), 1U) << "an accent of its own";
  EXPECT_EQ(cellsIn("\xff\xfe"), 2U) << "no UTF-8";
  EXPECT_EQ(fitting("日本語", 5), "日本");
  EXPECT_EQ(fitting("e\u0301x", 1), "e\u0301");
}

TEST(Output, WhatIsShortenedFitsWithItsEllipsis) {
  EXPECT_EQ(shortened("abcdef", 6), "abcdef");
  EXPECT_EQ(shortened("abcdef", 4), "abc…");
  EXPECT_EQ(shortened("日本語", 4), "日…");
  EXPECT_EQ(shortened("日本語", 6), "日本語");
  EXPECT_EQ(shortened("abc", 1), "…");
  EXPECT_EQ(shortened("abc", 0), "");
}

TEST(Output, ItemsWrapBelowTheFirst) {
  using testing::ElementsAre;
  EXPECT_THAT(wrapped("title  ", std::vector<std::string>{"one", "two", "three"}, 30),
              ElementsAre("title  one   two   three"));
  EXPECT_THAT(wrapped("title  ", std::vector<std::string>{"one", "two", "three"}, 20),
              ElementsAre("title  one   two", "       three"));
  EXPECT_THAT(wrapped("t ", std::vector<std::string>{"a", "the longest of all items", "b"}, 14),
              ElementsAre("t a", "  the longest", "  of all items", "  b"));
  EXPECT_THAT(wrapped("t ", std::vector<std::string>{"0123456789abcdef"}, 12), ElementsAre("t 0123456789", "  abcdef"));
  EXPECT_THAT(wrapped("title", std::vector<std::string>{"x"}, 0), ElementsAre("titlex"));
}

TEST(Output, ANarrowTableLeavesOutColumnsAndCutsTheLast) {
  Table table({"ID", "KIND", "WHEN", "REASON"});
  table.add({"17", "outbound", "now", "the provider has not answered in time"});
  const std::vector<std::size_t> spare{1, 2};
  const auto printed = [&](std::size_t columns) {
    std::ostringstream out;
    table.print(out, columns, spare);
    return out.str();
  };
  EXPECT_EQ(printed(kUnbounded),
            "ID  KIND      WHEN  REASON\n17  outbound  now   the provider has not answered in time\n");
  EXPECT_EQ(printed(40), "ID  KIND      WHEN  REASON\n17  outbound  now   the provider has no…\n");
  EXPECT_EQ(printed(30), "ID  WHEN  REASON\n17  now   the provider has no…\n");
  EXPECT_EQ(printed(12), "ID  REASON\n17  the pro…\n");
  EXPECT_EQ(printed(20), "ID  REASON\n17  the provider ha…\n");
}

TEST(Output, ABarIsFullWhenTheWorkIsDone) {
  EXPECT_EQ(Progress::bar(0), "[........................]");
  EXPECT_EQ(Progress::bar(0.5), "[############............]");
  EXPECT_EQ(Progress::bar(1), "[########################]");
  EXPECT_EQ(Progress::bar(7), Progress::bar(1));
  EXPECT_EQ(Progress::bar(-1), Progress::bar(0));
}

}  // namespace
}  // namespace penstock::ctl
