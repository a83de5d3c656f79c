#include "http/head.h"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <gtest/gtest.h>

#include <iostream>
#include <random>
#include <string>

namespace penstock::test {
namespace {

constexpr HeadLimits kLimits{4096, 1024, 40};

/// What the scanner and the parser make of bytes that arrive in pieces: the head, or nothing when it is refused or not
/// whole.
template <typename Piece>
std::optional<Head> read(std::string& bytes, Piece piece) {
  HeadScanner scanner;
  for (std::size_t fed = 0; fed < bytes.size();) {
    fed += std::min<std::size_t>(piece(), bytes.size() - fed);
    const auto found = scanner.scan(std::string_view(bytes).substr(0, fed), kLimits);
    if (found == HeadScanner::Found::Bad) return std::nullopt;
    if (found == HeadScanner::Found::More) continue;
    Head head;
    if (parseHead(bytes.data(), scanner.begin(), scanner.end(), kLimits, head)) return std::nullopt;
    return head;
  }
  return std::nullopt;
}

std::string sample(std::mt19937& random) {
  static const std::vector<std::string> kStarts{"GET /a?b=c HTTP/1.1\r\n", "POST /x HTTP/1.1\r\n", "PUT * HTTP/1.0\r\n",
                                                "BREW http://h/ HTTP/1.1\r\n", "HEAD / HTTP/1.0\r\n"};
  static const std::vector<std::string> kFields{"Host: a\r\n",
                                                "host:b:80 \r\n",
                                                "Content-Length: 5\r\n",
                                                "Content-Length:  007\r\n",
                                                "X-Y:\r\n",
                                                "Connection: close\r\n",
                                                "Connection: keep-alive\r\n",
                                                "Transfer-Encoding: chunked\r\n",
                                                "A: \t b \t c \r\n",
                                                "Expect: 100-continue\r\n",
                                                "Accept: */*\r\n",
                                                "X: \xc3\xa4\r\n"};
  std::string bytes = kStarts[random() % kStarts.size()];
  for (std::size_t i = random() % 6; i > 0; --i) bytes += kFields[random() % kFields.size()];
  bytes += "\r\n";
  for (std::size_t i = random() % 3; i > 0; --i) {
    const std::size_t at = random() % bytes.size();
    switch (random() % 3) {
      case 0:
        bytes[at] = static_cast<char>(random());
        break;
      case 1:
        bytes.insert(at, 1, "\r\n :\t,\0;"[random() % 8]);
        break;
      default:
        bytes.erase(at, 1);
    }
  }
  return bytes;
}

/// Beast as a second opinion: what is accepted here it accepts too, and reads the same out of it.
void expectBeastAgrees(const std::string& bytes, const std::string& read_bytes, const Head& head) {
  namespace http = boost::beast::http;
  http::request_parser<http::string_body> parser;
  parser.body_limit(boost::none);
  boost::system::error_code failure;
  const std::size_t begin = bytes.starts_with("\r\n") ? 2 : 0;
  parser.put(boost::asio::buffer(bytes.data() + begin, head.size - begin), failure);
  ASSERT_TRUE(!failure || failure == http::error::need_more) << failure.message();
  ASSERT_TRUE(parser.is_header_done());
  const auto& message = parser.get();
  EXPECT_EQ(std::string(message.target()), head.target.in(read_bytes.data()));
  EXPECT_EQ(message.version(), head.http_1_0 ? 10U : 11U);
  EXPECT_EQ(static_cast<std::size_t>(std::distance(message.begin(), message.end())), head.fields.size());
  for (const Head::Field& field : head.fields) {
    const std::string name(field.name.in(read_bytes.data()));
    const auto range = message.equal_range(name);
    EXPECT_TRUE(std::any_of(range.first, range.second, [&](const auto& entry) {
      return std::string(entry.value()) == field.value.in(read_bytes.data());
    })) << name;
  }
  EXPECT_EQ(parser.chunked(), head.chunked);
  // Of several Connection fields Beast looks at one.
  if (message.count("connection") <= 1) {
    EXPECT_EQ(message.keep_alive(), head.keep_alive);
  }
  if (!head.chunked) {
    EXPECT_EQ(parser.content_length().value_or(0), head.content_length);
  }
}

TEST(Heads, MeanTheSameHoweverTheyArriveAndToBeast) {
  const unsigned seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937 random(seed);
  int accepted = 0;
  for (int round = 0; round < 30'000 && !::testing::Test::HasFailure(); ++round) {
    const std::string bytes = sample(random);
    SCOPED_TRACE(::testing::PrintToString(bytes));
    std::string whole = bytes;
    std::string pieces = bytes;
    std::string single = bytes;
    const auto head = read(whole, [&] { return bytes.size(); });
    EXPECT_EQ(read(pieces, [&] { return 1 + random() % 9; }).has_value(), head.has_value());
    EXPECT_EQ(read(single, [] { return 1; }).has_value(), head.has_value());
    if (!head) continue;
    ++accepted;
    EXPECT_EQ(pieces, whole);
    EXPECT_EQ(single, whole);
    expectBeastAgrees(bytes, whole, *head);
  }
  EXPECT_GT(accepted, 1000);
}

TEST(Heads, OfRandomBytesAreRefusedOrNotWhole) {
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random() % 300, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    EXPECT_FALSE(read(bytes, [&] { return 1 + random() % 50; }));
  }
}

TEST(Heads, AreLookedAtOnceByteByByte) {
  // Quadratic work would take minutes here.
  constexpr HeadLimits kLarge{8 << 20, 1024, 40};
  HeadScanner scanner;
  std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  bytes.resize(4 << 20, 'x');
  for (std::size_t fed = 1; fed < bytes.size(); ++fed)
    ASSERT_EQ(scanner.scan({bytes.data(), fed}, kLarge), HeadScanner::Found::More);
}

}  // namespace
}  // namespace penstock::test
