#include "http/chunks.h"

#include <gtest/gtest.h>

#include <iostream>
#include <random>
#include <string>

namespace penstock::test {
namespace {

constexpr std::size_t kMostBody = 5000;

struct Outcome {
  ChunkDecoder::State state = ChunkDecoder::State::More;
  std::string body;
  std::string rest;
  RefusalCode code{};
  bool operator==(const Outcome& other) const {
    return state == other.state && (state == ChunkDecoder::State::Bad || (body == other.body && rest == other.rest));
  }
};

/// Decodes `raw` arriving in pieces whose sizes `piece` says.
template <typename Piece>
Outcome decode(const std::string& raw, Piece piece) {
  ChunkDecoder decoder;
  std::string buffer(raw.size(), '\0');
  std::size_t size = 0;
  std::size_t fed = 0;
  Outcome outcome;
  while (fed < raw.size() && outcome.state == ChunkDecoder::State::More) {
    const std::size_t part = std::min<std::size_t>(piece(), raw.size() - fed);
    raw.copy(buffer.data() + size, part, fed);
    size += part;
    fed += part;
    outcome.state = decoder.decode(buffer.data(), size, kMostBody);
    EXPECT_LE(decoder.decoded(), size);
    EXPECT_LE(decoder.decoded(), kMostBody);
  }
  outcome.body = buffer.substr(0, decoder.decoded());
  outcome.rest = buffer.substr(decoder.decoded(), size - decoder.decoded()) + raw.substr(fed);
  outcome.code = decoder.refusal().code;
  return outcome;
}

TEST(Chunks, MeanTheSameHoweverTheyArrive) {
  const unsigned seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937 random(seed);
  const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random() % limit); };
  for (int round = 0; round < 3000; ++round) {
    std::string raw;
    std::string expected;
    for (std::size_t i = below(6); i > 0; --i) {
      std::string part(1 + below(below(4) == 0 ? 900 : 20), '\0');
      for (char& byte : part) byte = static_cast<char>(random());
      char line[32];
      std::snprintf(line, sizeof line, below(2) == 0 ? "%zx" : "%04zX", part.size());
      raw += line + (below(3) == 0 ? std::string(below(40) + 1, ';') : std::string()) + "\r\n" + part + "\r\n";
      expected += part;
    }
    raw += below(2) == 0 ? "0\r\n\r\n" : "000;x\r\nA: b\r\nC: d\r\n\r\n";
    raw += "GET /";
    const Outcome whole = decode(raw, [&] { return raw.size(); });
    ASSERT_EQ(whole.state, ChunkDecoder::State::Done);
    ASSERT_EQ(whole.body, expected);
    ASSERT_EQ(whole.rest, "GET /");
    ASSERT_EQ(decode(raw, [&] { return 1 + below(30); }), whole);
    ASSERT_EQ(decode(raw, [] { return 1; }), whole);
    // The same with a byte changed: it may be refused, but never differently.
    raw[below(raw.size())] = "\r\n0f;: \0x"[below(9)];
    const Outcome broken = decode(raw, [&] { return raw.size(); });
    ASSERT_EQ(decode(raw, [&] { return 1 + below(30); }), broken);
    ASSERT_EQ(decode(raw, [] { return 1; }), broken);
  }
}

TEST(Chunks, OfRandomBytesAreRefused) {
  std::mt19937 random(1);
  int done = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string raw(64, '\0');
    for (char& byte : raw) byte = "0123456789abcdefABCDEF\r\n; :x\0"[random() % 30];
    done += decode(raw, [&] { return 1 + random() % 8; }).state == ChunkDecoder::State::Done ? 1 : 0;
  }
  EXPECT_LT(done, 50);
}

}  // namespace
}  // namespace penstock::test
