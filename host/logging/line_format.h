#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock {

enum class LineFormat : std::uint8_t { Json, Text };

/// What every line of the log begins with.
struct LineHead {
  std::int64_t microseconds = 0;  ///< since 1970
  int priority = 0;               ///< Poco::Message::Priority
  std::string_view logger;
  std::string_view event;  ///< may be empty
  std::string_view sentence;
};

/// Writes one line of the log: one JSON object, or readable text. Whatever the texts hold, the result is valid UTF-8
/// and has exactly one newline, at its end: control characters, line separators and characters that turn the direction
/// of writing are escaped, bytes that are not UTF-8 become U+FFFD, texts longer than 8 KiB and the fields after the
/// 48th are cut off. A field with a name of the head's gets an underscore behind it.
class LineWriter {
public:
  LineWriter(LineFormat format, std::string& out) : format_(format), out_(out) {}

  void begin(const LineHead& head);
  void field(std::string_view name, std::string_view value);
  void end();

private:
  void member(std::string_view name, std::string_view value);

  const LineFormat format_;
  std::string& out_;
  unsigned fields_ = 0;
};

/// The word of a Poco priority: fatal … trace.
std::string_view levelWord(int priority);

}  // namespace penstock
