#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::ctl {

/// The text with what could move the cursor, colour the terminal or turn the reading order written as \xNN, so that
/// strangers' text is only seen.
std::string printable(std::string_view text);

/// At most so many characters, the last of them an ellipsis when something is left out.
std::string shortened(std::string_view text, std::size_t characters);

/// "1 message", "2 messages".
std::string plural(std::uint64_t count, const char* what);

/// A span of seconds in two units at most: "350 ms", "4.2 s", "3 min 20 s", "5 h 2 min", "12 d 3 h".
std::string span(double seconds);

/// A rate or count for a column: three digits are enough for a broken one, long ones have commas.
std::string figure(double number);

/// Bytes in the largest unit that leaves a whole part: "512 B", "1.5 MB" (powers of 1024).
std::string bytes(double number);

/// Columns as wide as their widest cell; the last one is not filled up.
class Table {
public:
  explicit Table(std::vector<std::string> head) { rows_.push_back(std::move(head)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  void print(std::ostream& out) const;

private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace penstock::ctl
