#include "penstock/dead_letters.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace penstock {
namespace {

struct Alike {
  const char* name;
  const char* one;
  const char* other;
};

void PrintTo(const Alike& pair, std::ostream* out) { *out << pair.name; }

class CauseOfAlikes : public testing::TestWithParam<Alike> {};

TEST_P(CauseOfAlikes, IsOne) { EXPECT_EQ(causeOf(GetParam().one), causeOf(GetParam().other)); }

INSTANTIATE_TEST_SUITE_P(
    Cause, CauseOfAlikes,
    testing::Values(Alike{"Numbers", "gave up after 10 attempts: timeout", "gave up after 9 attempts: timeout"},
                    Alike{"Decimals", "took 1.25 s", "took 30 s"}, Alike{"NumbersAtAWord", "conn12 lost", "conn7 lost"},
                    Alike{"Hexadecimal", "request 7f3a9c00 failed", "request 1b2c failed"},
                    Alike{"HexadecimalLetters", "block deadbeef is bad", "block 12345678 is bad"},
                    Alike{"HexadecimalPrefix", "fault at 0x7ffd10", "fault at 0xAB"},
                    Alike{"Uuids", "no message 0195513c-2a60-7c3e-9f4b-0d5a1c2b3e4f",
                          "no message aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"},
                    Alike{"Quotes", "the member \"to\" is odd", "the member \"a longer name\" is odd"},
                    Alike{"Apostrophes", "the member 'to' is odd", "the member 'from' is odd"},
                    Alike{"Backticks", "no column `a`", "no column `b c`"},
                    Alike{"Mail", "no mailbox ann@example.com.", "no mailbox bob.b@mail.example.org."},
                    Alike{"Phones", "unreachable: +15551230001", "unreachable: +4930123"},
                    Alike{"PeersByAddress", "connect to 10.0.0.1:5432 refused", "connect to 192.168.7.20:6432 refused"},
                    Alike{"PeersOfVersion6", "connect to fe80::1 refused", "connect to ::abcd:ef refused"},
                    Alike{"Urls", "GET https://a.example/x?y=1 failed", "GET http://b.example failed"},
                    Alike{"Brackets", "key (id)=(4711) exists", "key (id)=(12) exists"},
                    Alike{"WhiteSpace", "  one\n\ttwo ", "one two"},
                    Alike{"Times", "since 2026-03-01T12:00:00Z", "since 2025-12-31T01:02:03Z"}),
    [](const auto& alike) { return alike.param.name; });

TEST(Cause, IsSixteenHexadecimalDigitsThatStayTheSame) {
  // Written down, because causes are kept: another value would part what belongs together.
  EXPECT_EQ(causeOf("crash_suspect"), "efa9828e2a90c9bc");
  EXPECT_EQ(causeOf("gave up after 10 attempts: \"x\" at 10.0.0.1"), "dfe77fbdc49e8653");
}

TEST(Cause, ReasonsThatSayDifferentThingsHaveDifferentCauses) {
  const char* const reasons[] = {"",           "no route",   "no routes",        "No route",      "crash_suspect",
                                 "unreadable", "timeout",    "timeout: 1",       "can't connect", "cant connect",
                                 "bad face",   "bad decade", "it's 'a' problem", "rejected: 400"};
  std::set<std::string> causes;
  for (const char* reason : reasons) causes.insert(causeOf(reason));
  EXPECT_EQ(causes.size(), std::size(reasons));
}

TEST(Cause, AnApostropheOpensNoQuote) {
  EXPECT_NE(causeOf("can't do this, won't"), causeOf("can't do that, won't"));
  EXPECT_NE(causeOf("a lone \" and this"), causeOf("a lone \" and that"));
}

TEST(Cause, AnyBytesHaveACause) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string reason(random() % 64, ' ');
    for (char& c : reason) c = static_cast<char>(random());
    EXPECT_EQ(causeOf(reason).size(), 16U);
  }
}

TEST(Cause, QuotesThatNeverCloseTakeNoLongerThanOthers) {
  const std::string reason(100'000, '"');
  EXPECT_EQ(causeOf(reason + "'").size(), 16U);
  std::string alternating;
  for (int i = 0; i < 50'000; ++i) alternating += i % 2 == 0 ? " \"" : " `";
  EXPECT_EQ(causeOf(alternating).size(), 16U);
}

}  // namespace
}  // namespace penstock
