#pragma once

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
