#include "http/chunks.h"

#include "http/head.h"
#include "http/text.h"

#include <algorithm>
#include <cstring>

namespace penstock {
namespace {

constexpr std::size_t kMostSizeDigits = 16;
constexpr std::size_t kMostSizeLine = 256;
constexpr std::size_t kMostExtensionBytes = 4096;
constexpr std::size_t kMostTrailerBytes = 8192;

}  // namespace

ChunkDecoder::State ChunkDecoder::decode(char* body, std::size_t& size, std::size_t max_body) {
  read_ = written_;
  State state = State::More;
  do {
    advanced_ = false;
    state = step(body, size, max_body);
  } while (state == State::More && advanced_);
  std::memmove(body + written_, body + read_, size - read_);
  size = written_ + (size - read_);
  return state;
}

ChunkDecoder::State ChunkDecoder::step(char* body, std::size_t size, std::size_t max_body) {
  const std::string_view raw(body + read_, size - read_);
  switch (stage_) {
    case Stage::Size:
      return sizeLine(raw, max_body);
    case Stage::Content:
      return content(body, size);
    case Stage::ContentEnd:
      return contentEnd(raw);
    case Stage::Trailer:
      return trailerLine(raw);
    case Stage::Done:
      break;
  }
  return State::Done;
}

ChunkDecoder::State ChunkDecoder::sizeLine(std::string_view raw, std::size_t max_body) {
  if (raw.empty()) return State::More;
  if (hexDigit(raw.front()) < 0) return refuse(RefusalCode::BadChunk, "A chunk does not start with its size.");
  const std::size_t feed = raw.substr(0, kMostSizeLine).find('\n');
  if (feed == std::string_view::npos)
    return raw.size() < kMostSizeLine ? State::More : refuse(RefusalCode::BadChunk, "A chunk's size line is too long.");
  if (raw[feed - 1] != '\r') return refuse(RefusalCode::BadChunk, "A chunk's size line does not end with CR LF.");
  const std::string_view line = raw.substr(0, feed - 1);
  std::size_t digits = 0;
  std::uint64_t value = 0;
  for (; digits < line.size() && hexDigit(line[digits]) >= 0; ++digits) {
    if (digits == kMostSizeDigits) return refuse(RefusalCode::BadChunk, "A chunk's size is out of range.");
    value = value * 16 + static_cast<unsigned>(hexDigit(line[digits]));
  }
  const std::string_view extension = line.substr(digits);
  if (!extension.empty() && extension.front() != ';')
    return refuse(RefusalCode::BadChunk, "A chunk's size is not a hexadecimal number.");
  extension_bytes_ += extension.size();
  if (extension_bytes_ > kMostExtensionBytes || !std::all_of(extension.begin(), extension.end(), isFieldByte))
    return refuse(RefusalCode::BadChunk, "A chunk's extension is too long or holds a control character.");
  if (value > max_body - written_) return refuse(RefusalCode::BodyTooLarge, "The body is too large.");
  read_ += feed + 1;
  left_ = value;
  stage_ = value == 0 ? Stage::Trailer : Stage::Content;
  advanced_ = true;
  return State::More;
}

ChunkDecoder::State ChunkDecoder::content(char* body, std::size_t size) {
  const std::size_t part = std::min<std::uint64_t>(left_, size - read_);
  std::memmove(body + written_, body + read_, part);
  written_ += part;
  read_ += part;
  left_ -= part;
  if (left_ == 0) {
    stage_ = Stage::ContentEnd;
    advanced_ = true;
  }
  return State::More;
}

ChunkDecoder::State ChunkDecoder::contentEnd(std::string_view raw) {
  constexpr std::string_view kEnd = "\r\n";
  if (raw.substr(0, kEnd.size()) != kEnd.substr(0, raw.size()))
    return refuse(RefusalCode::BadChunk, "A chunk is longer than its size.");
  if (raw.size() < kEnd.size()) return State::More;
  read_ += kEnd.size();
  stage_ = Stage::Size;
  advanced_ = true;
  return State::More;
}

ChunkDecoder::State ChunkDecoder::trailerLine(std::string_view raw) {
  const std::size_t feed = raw.find('\n');
  const std::size_t length = feed == std::string_view::npos ? raw.size() : feed + 1;
  if (trailer_bytes_ + length > kMostTrailerBytes)
    return refuse(RefusalCode::HeadersTooLarge, "The trailers are too large.");
  if (feed == std::string_view::npos) return State::More;
  if (feed == 0 || raw[feed - 1] != '\r') return refuse(RefusalCode::BadChunk, "Lines must end with CR LF.");
  trailer_bytes_ += length;
  read_ += length;
  if (feed == 1) {
    stage_ = Stage::Done;
    return State::Done;
  }
  if (!isField(raw.substr(0, feed - 1))) return refuse(RefusalCode::BadChunk, "A trailer field is malformed.");
  advanced_ = true;
  return State::More;
}

ChunkDecoder::State ChunkDecoder::refuse(RefusalCode code, std::string_view detail) {
  refusal_ = Refusal{code, detail, {}};
  return State::Bad;
}

}  // namespace penstock
