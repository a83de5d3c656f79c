#include "ctl/output.h"

#include "ctl/progress.h"

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

TEST(Output, ABarIsFullWhenTheWorkIsDone) {
  EXPECT_EQ(Progress::bar(0), "[........................]");
  EXPECT_EQ(Progress::bar(0.5), "[############............]");
  EXPECT_EQ(Progress::bar(1), "[########################]");
  EXPECT_EQ(Progress::bar(7), Progress::bar(1));
  EXPECT_EQ(Progress::bar(-1), Progress::bar(0));
}

}  // namespace
}  // namespace penstock::ctl
