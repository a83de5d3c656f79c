#pragma once

#include "http/refusal.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penstock {

/// Decodes a chunked body (RFC 9112, 7.1) in place, as its bytes arrive. Extensions and trailers are checked, bounded
/// and dropped.
class ChunkDecoder {
public:
  enum class State : std::uint8_t { More, Done, Bad };

  /// `body` holds `size` bytes: what was decoded before, then raw bytes. Afterwards it holds what is decoded now and,
  /// directly behind it, the raw bytes that are left; `size` becomes the sum of both.
  State decode(char* body, std::size_t& size, std::size_t max_body);

  std::size_t decoded() const { return written_; }
  const Refusal& refusal() const { return refusal_; }

private:
  enum class Stage : std::uint8_t { Size, Content, ContentEnd, Trailer, Done };

  State step(char* body, std::size_t size, std::size_t max_body);
  State sizeLine(std::string_view raw, std::size_t max_body);
  State content(char* body, std::size_t size);
  State contentEnd(std::string_view raw);
  State trailerLine(std::string_view raw);
  State refuse(RefusalCode code, std::string_view detail);

  Stage stage_ = Stage::Size;
  std::size_t written_ = 0;
  std::size_t read_ = 0;
  std::uint64_t left_ = 0;  ///< of the present chunk
  std::size_t extension_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  bool advanced_ = false;
  Refusal refusal_;
};

}  // namespace penstock
