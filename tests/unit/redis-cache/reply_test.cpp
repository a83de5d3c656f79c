#include "redis-cache/reply.h"
#include "redis-cache/fault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

namespace penstock::redis_cache {
namespace {

/// A source of these bytes, `step` at a time, and then of its last byte without end.
ReplyReader reader(std::string bytes, std::size_t step = SIZE_MAX) {
  return ReplyReader([bytes = std::move(bytes), step, at = std::size_t{0}](std::span<char> room) mutable {
    if (at == bytes.size()) {
      std::ranges::fill(room, bytes.back());
      return room.size();
    }
    const std::size_t size = std::min({step, room.size(), bytes.size() - at});
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), size, room.begin());
    at += size;
    return size;
  });
}

TEST(ReplyReader, ReadsEveryKindHoweverItIsCut) {
  const std::string bytes =
      "+OK\r\n-OOM no\r\n:-12\r\n$4\r\na\r\nb\r\n$0\r\n\r\n$-1\r\n*3\r\n$1\r\nx\r\n$-1\r\n:3\r\n*-1\r\n*0\r\n";
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, SIZE_MAX}) {
    ReplyReader replies = reader(bytes, step);
    EXPECT_EQ(replies.next().text, "OK");
    const Reply error = replies.next();
    EXPECT_TRUE(error.isError());
    EXPECT_EQ(error.text, "OOM no");
    EXPECT_EQ(replies.next().integer, -12);
    EXPECT_EQ(replies.next().text, "a\r\nb");
    const Reply empty = replies.next();
    EXPECT_EQ(empty.kind, Reply::Kind::Bulk);
    EXPECT_EQ(empty.text, "");
    EXPECT_EQ(replies.next().kind, Reply::Kind::Nil);
    const Reply array = replies.next();
    ASSERT_EQ(array.items.size(), 3U);
    EXPECT_EQ(array.items[0].text, "x");
    EXPECT_EQ(array.items[1].kind, Reply::Kind::Nil);
    EXPECT_EQ(array.items[2].integer, 3);
    EXPECT_EQ(replies.next().kind, Reply::Kind::Nil);
    EXPECT_EQ(replies.next().kind, Reply::Kind::Array);
  }
}

TEST(ReplyReader, ReadsAnswersForEverAsLongAsEachIsSmall) {
  ReplyReader replies = reader("+OK\r\n:1\r\n");
  EXPECT_EQ(replies.next().text, "OK");
  EXPECT_EQ(replies.next().integer, 1);
  std::string many;
  for (int i = 0; i < 100000; ++i) many += "+OK\r\n";
  ReplyReader long_one = reader(many);
  for (int i = 0; i < 100000; ++i) ASSERT_EQ(long_one.next().text, "OK");
}

class Garbage : public testing::TestWithParam<const char*> {};

TEST_P(Garbage, IsAFaultAndTakesNoRoom) {
  ReplyReader replies = reader(GetParam());
  try {
    replies.next();
    FAIL() << GetParam();
  } catch (const Fault& fault) {
    EXPECT_EQ(fault.kind, FaultKind::Garbage);
  }
}

INSTANTIATE_TEST_SUITE_P(Each, Garbage,
                         testing::Values("HTTP/1.1 400 Bad Request\r\n\r\n", "x", "+", "+endless", "+O\nK\r\n",
                                         "+OK\r+", ":\r\n", ":1x\r\n", ":99999999999999999999\r\n", "$-2\r\n",
                                         "$2147483647\r\n", "$9999999999999999999999\r\n", "$\r\n", "$3\r\nabcd\r\n",
                                         "$200000\r\nendless", "*2147483647\r\n", "*-5\r\n", "*1025\r\n",
                                         "*1\r\n*1\r\n*1\r\n", "*1000\r\n$1000\r\n0", "%1\r\n+a\r\n+b\r\n", "\r\n",
                                         "\n"));

TEST(ReplyReader, WhatTheSourceThrowsComesThrough) {
  ReplyReader replies([](std::span<char>) -> std::size_t { throw Fault(FaultKind::TimedOut, "late"); });
  EXPECT_THROW(replies.next(), Fault);
}

}  // namespace
}  // namespace penstock::redis_cache
