#pragma once

#include "penstock/unique_function.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::redis_cache {

/// One answer of a server (https://redis.io/docs/latest/develop/reference/protocol-spec/, RESP2).
struct Reply {
  enum class Kind : std::uint8_t { Status, Error, Integer, Bulk, Nil, Array };
  Kind kind = Kind::Nil;
  std::string text;  ///< of Status, Error and Bulk
  std::int64_t integer = 0;
  std::vector<Reply> items;  ///< of Array

  bool isError() const { return kind == Kind::Error; }
};

/// Reads answers strictly, because Poco's own reader makes room for any length that a server names before a byte of it
/// has come, and follows arrays in arrays without end. Here memory is bounded whatever comes. [one thread at a time]
class ReplyReader {
public:
  /// Fills a part of what it is given, at least a byte. [throws: Fault]
  using Source = UniqueFunction<std::size_t(std::span<char>)>;
  explicit ReplyReader(Source source) : source_(std::move(source)) {}

  /// [blocks: as the source] [throws: Fault of kind Garbage, or as the source]
  Reply next();

private:
  Reply element(unsigned depth);
  std::string line();
  std::string bulk(std::size_t length);
  char take();

  Source source_;
  std::vector<char> buffer_ = std::vector<char>(16384);
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t left_ = 0;  ///< bytes that the answer may still have
};

}  // namespace penstock::redis_cache
