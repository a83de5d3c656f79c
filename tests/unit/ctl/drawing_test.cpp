#include "ctl/terminal.h"

#include <gtest/gtest.h>

namespace penstock::ctl {
namespace {

TEST(Drawing, BeginsAtTheTopAndClearsWhatWasThere) {
  EXPECT_EQ(drawing({"one", "two"}, 10, 80), "\x1b[Hone\x1b[K\r\ntwo\x1b[K\x1b[J");
}

TEST(Drawing, LeavesOutWhatDoesNotFit) {
  EXPECT_EQ(drawing({"one", "two", "three"}, 2, 80), "\x1b[Hone\x1b[K\r\ntwo\x1b[K\x1b[J");
  EXPECT_EQ(drawing({"abcdef"}, 2, 4), "\x1b[Hab…\x1b[K\x1b[J");
  EXPECT_EQ(drawing({"abc"}, 0, 0), "\x1b[H\x1b[J");
}

}  // namespace
}  // namespace penstock::ctl
