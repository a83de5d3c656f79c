#include "shared/store/snippet.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::store {
namespace {

std::string times(int count, const std::string& text) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

TEST(Snippet, AShortBodyIsItsOwnSnippet) { EXPECT_EQ(snippet("hello"), "hello"); }

TEST(Snippet, NothingAndOnlyBlanksAreNothing) {
  EXPECT_EQ(snippet(""), "");
  EXPECT_EQ(snippet(" \r\n\t "), "");
}

TEST(Snippet, WhiteSpaceOfAnyKindCollapsesToOneBlank) {
  EXPECT_EQ(snippet("\u2003 a\r\n\r\n b\u00a0\u3000c\u2028d\u0085e \n"), "a b c d e");
}

TEST(Snippet, SixtyFourGraphemesAndNoMore) {
  EXPECT_EQ(snippet(times(64, "x")), times(64, "x"));
  EXPECT_EQ(snippet(times(65, "x")), times(64, "x"));
}

TEST(Snippet, ABlankCountsAsAGraphemeButNotAtTheEnd) {
  EXPECT_EQ(snippet(times(63, "x") + " y"), times(63, "x"));
  EXPECT_EQ(snippet(times(62, "x") + " y z"), times(62, "x") + " y");
}

TEST(Snippet, GraphemesOfSeveralCodePointsAreNeverBroken) {
  const std::string family = "\U0001F468\u200D\U0001F469\u200D\U0001F467";
  const std::string flag = "\U0001F1E9\U0001F1EA";
  const std::string accent = "e\u0301";
  for (const std::string& grapheme : {family, flag, accent})
    EXPECT_EQ(snippet(times(70, grapheme)), times(64, grapheme));
}

TEST(Snippet, AGraphemeWithoutEndIsLeftOutWhole) {
  EXPECT_EQ(snippet("ab" + ("z" + times(5000, "\u0301"))), "ab");
  EXPECT_EQ(snippet("z" + times(5000, "\u0301")), "");
}

TEST(Snippet, BytesThatAreNoTextShowAsReplacementCharacters) {
  EXPECT_EQ(snippet("a\xff"
                    "b"),
            "a\ufffd"
            "b");
  EXPECT_EQ(snippet("a\xe2\x82"), "a\ufffd\ufffd");
}

TEST(Snippet, MarkupIsText) { EXPECT_EQ(snippet("<p>Hi\n<b>you</b></p>"), "<p>Hi <b>you</b></p>"); }

}  // namespace
}  // namespace penstock::store
