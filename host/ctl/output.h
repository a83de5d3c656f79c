#pragma once

#include <cstdint>
#include <iosfwd>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::ctl {

/// The text with what could move the cursor, colour the terminal or turn the reading order written as \xNN, so that
/// strangers' text is only seen.
std::string printable(std::string_view text);

/// The cells that a terminal shows the text in: two for a wide character, none for an accent of its own.
std::size_t cellsIn(std::string_view text);

/// As much of the text's beginning as so many cells can show.
std::string_view fitting(std::string_view text, std::size_t cells);

/// At most so many cells, the last of them an ellipsis when something is left out.
std::string shortened(std::string_view text, std::size_t cells);

/// The title and the items, on as many lines of so many cells as they need; later ones begin below the first item. An
/// item is not broken unless it is longer than a line.
std::vector<std::string> wrapped(const std::string& title, std::span<const std::string> items, std::size_t columns);

/// "1 message", "2 messages".
std::string plural(std::uint64_t count, const char* what);

/// A span of seconds in two units at most: "350 ms", "4.2 s", "3 min 20 s", "5 h 2 min", "12 d 3 h".
std::string span(double seconds);

/// A rate or count for a column: three digits are enough for a broken one, long ones have commas.
std::string figure(double number);

/// Bytes in the largest unit that leaves a whole part: "512 B", "1.5 MB" (powers of 1024).
std::string bytes(double number);

/// As long as it comes, for what is no terminal.
inline constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

/// Columns as wide as their widest cell; the last one is not filled up.
class Table {
public:
  explicit Table(std::vector<std::string> head) { rows_.push_back(std::move(head)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  /// In so many cells: then columns are left out, the first of `spare` first, as long as the last one has not enough
  /// room, and what it has too much is cut.
  void print(std::ostream& out, std::size_t columns = kUnbounded, std::span<const std::size_t> spare = {}) const;

private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace penstock::ctl
