#pragma once

#include "http/refusal.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace penstock {

struct HeadLimits {
  std::size_t max_bytes;
  std::size_t max_target;
  std::size_t max_fields;
};

/// Finds the end of a request's head in bytes that arrive piece by piece, each byte looked at once. Refuses at the
/// first sight of a bare LF, a bare CR, a control character, or a head over its limits. One CRLF before the request
/// line is passed over (RFC 9112, 2.2).
class HeadScanner {
public:
  enum class Found : std::uint8_t { More, Head, Bad };

  /// `bytes` is everything received so far of this request.
  Found scan(std::string_view bytes, const HeadLimits& limits);

  std::size_t begin() const { return begin_; }
  std::size_t end() const { return end_; }  ///< past the empty line
  const Refusal& refusal() const { return refusal_; }

private:
  Found refuse(RefusalCode code, std::string_view detail);
  Found endOfBytes(std::string_view bytes, const HeadLimits& limits);

  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t line_ = 0;  ///< where the present line starts
  std::size_t next_ = 0;  ///< first byte not looked at
  std::size_t lines_ = 0;
  Refusal refusal_;
};

/// Part of a buffer that may move.
struct Slice {
  std::uint32_t at = 0;
  std::uint32_t size = 0;
  std::string_view in(const char* base) const { return {base + at, size}; }
};

enum class Verb : std::uint8_t { Get, Post, Put, Delete, Head, Options, Other };

/// A head that passed every rule of RFC 9112 and the stricter ones of this project.
struct Head {
  struct Field {
    Slice name;   ///< lower-case
    Slice value;  ///< without white space around it
  };

  Verb verb = Verb::Other;
  Slice target;
  std::vector<Field> fields;
  std::size_t size = 0;  ///< bytes up to and with the empty line
  std::uint64_t content_length = 0;
  bool http_1_0 = false;
  bool chunked = false;
  bool keep_alive = true;
  bool expects_continue = false;
  bool expects_other = false;

  /// Empties it and keeps the room of its fields.
  void clear() {
    std::vector<Field> room = std::move(fields);
    room.clear();
    *this = Head{};
    fields = std::move(room);
  }
  bool hasBody() const { return chunked || content_length > 0; }
};

/// Reads the head in [begin, end) of `bytes`, which a HeadScanner found; lower-cases the field names in place.
std::optional<Refusal> parseHead(char* bytes, std::size_t begin, std::size_t end, const HeadLimits& limits, Head& head);

/// Whether `line` (without CRLF) is a well-formed header field; for trailers.
bool isField(std::string_view line);

}  // namespace penstock
