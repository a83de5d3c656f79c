#include "redis-cache/reply.h"

#include "redis-cache/fault.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace penstock::redis_cache {

namespace {

constexpr std::size_t kMostBytes = 256 * 1024;  // of one answer; a full page takes an eighth of it
constexpr std::size_t kMostItems = 1024;
constexpr unsigned kDeepest = 2;

[[noreturn]] void garbage() { throw Fault(FaultKind::Garbage, "what it answers is not Redis's protocol"); }

std::int64_t number(std::string_view digits) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) garbage();
  return value;
}

/// A length, or -1 for nothing.
std::int64_t length(std::string_view digits, std::size_t most) {
  const std::int64_t value = number(digits);
  if (value < -1 || value > static_cast<std::int64_t>(most)) garbage();
  return value;
}

}  // namespace

char ReplyReader::take() {
  if (left_ == 0) garbage();
  --left_;
  if (begin_ == end_) {
    begin_ = 0;
    end_ = source_(buffer_);
  }
  return buffer_[begin_++];
}

std::string ReplyReader::line() {
  std::string text;
  for (char byte = take(); byte != '\r'; byte = take()) {
    if (byte == '\n') garbage();
    text += byte;
  }
  if (take() != '\n') garbage();
  return text;
}

std::string ReplyReader::bulk(std::size_t size) {
  std::string text;
  while (text.size() < size) text += take();
  if (take() != '\r' || take() != '\n') garbage();
  return text;
}

Reply ReplyReader::next() {
  left_ = kMostBytes;
  return element(1);
}

Reply ReplyReader::element(unsigned depth) {
  Reply reply;
  const char marker = take();
  if (std::string_view("+-:$*").find(marker) == std::string_view::npos) garbage();
  const std::string head = line();
  if (marker == '+' || marker == '-') {
    reply.kind = marker == '+' ? Reply::Kind::Status : Reply::Kind::Error;
    reply.text = head;
  } else if (marker == ':') {
    reply.kind = Reply::Kind::Integer;
    reply.integer = number(head);
  } else if (marker == '$') {
    const std::int64_t size = length(head, kMostBytes);
    if (size < 0) return reply;
    reply.kind = Reply::Kind::Bulk;
    reply.text = bulk(static_cast<std::size_t>(size));
  } else if (marker == '*' && depth < kDeepest) {
    const std::int64_t count = length(head, kMostItems);
    if (count < 0) return reply;
    reply.kind = Reply::Kind::Array;
    for (std::int64_t i = 0; i < count; ++i) reply.items.push_back(element(depth + 1));
  } else {
    garbage();
  }
  return reply;
}

}  // namespace penstock::redis_cache
