#include "penstock/identity.h"

#include <gtest/gtest.h>

#include <set>

namespace penstock {
namespace {

using namespace std::chrono_literals;

TEST(Uuid, IsOfVersion7AndCarriesTheTime) {
  const WallTime now{1'772'366'400'123'456us};
  const Uuid id = Uuid::make(now);
  EXPECT_EQ(id.bytes[6] >> 4, 7);
  EXPECT_EQ(id.bytes[8] >> 6, 2);
  std::uint64_t milliseconds = 0;
  for (unsigned i = 0; i < 6; ++i) milliseconds = milliseconds << 8 | id.bytes[i];
  EXPECT_EQ(milliseconds, 1'772'366'400'123U);
}

TEST(Uuid, OfALaterMicrosecondSortsLater) {
  WallTime now{1'772'366'400'000'000us};
  Uuid last = Uuid::make(now);
  for (int i = 0; i < 3000; ++i) {
    now += 1us;
    const Uuid next = Uuid::make(now);
    ASSERT_LT(last, next) << i;
    last = next;
  }
}

TEST(Uuid, NeverRepeats) {
  std::set<Uuid> seen;
  for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(seen.insert(Uuid::make(WallTime{})).second);
}

TEST(Uuid, ReadsItsOwnTextAndNothingElse) {
  const Uuid id = Uuid::make(WallTime{1'772'366'400'000'000us});
  EXPECT_EQ(Uuid::parse(id.text()), id);
  std::string upper = id.text();
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(Uuid::parse(upper), id);
  for (const char* wrong : {"", "0", "01a1fc5f-23e9-747a-ba99-e6be881ffed", "01a1fc5f-23e9-747a-ba99-e6be881ffedag",
                            "01a1fc5f023e9-747a-ba99-e6be881ffeda", "01a1fc5g-23e9-747a-ba99-e6be881ffeda"})
    EXPECT_FALSE(Uuid::parse(wrong)) << wrong;
}

TEST(Digest128, TellsPartsApart) {
  EXPECT_NE(Digest128::of({"ab", "c"}), Digest128::of({"a", "bc"}));
  EXPECT_NE(Digest128::of({"ab"}), Digest128::of({"ab", ""}));
  EXPECT_EQ(Digest128::of({"ab", "c"}), Digest128::of({"ab", "c"}));
}

TEST(Digest128, IsTheFirstHalfOfSha256OverLengthsAndParts) {
  // printf '\2\0\0\0\0\0\0\0ab' | sha256sum
  const std::string framed("\2\0\0\0\0\0\0\0ab", 10);
  const auto full = sha256(framed);
  EXPECT_EQ(Digest128::of({"ab"}).hex(), hex({reinterpret_cast<const char*>(full.data()), 16}));
}

TEST(Digest128, ReadsItsOwnHex) {
  const Digest128 digest = Digest128::of({"x"});
  EXPECT_EQ(Digest128::parse(digest.hex()), digest);
  EXPECT_FALSE(Digest128::parse(digest.hex().substr(1)));
  EXPECT_FALSE(Digest128::parse("g" + digest.hex().substr(1)));
}

TEST(Sha256, GivesThePublishedValue) {
  // FIPS 180-2, appendix B.1
  const auto digest = sha256("abc");
  EXPECT_EQ(hex({reinterpret_cast<const char*>(digest.data()), digest.size()}),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace penstock
