#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock {

/// Writes dotted keys as one Lua table, nested, in the order in which they come.
class LuaText {
public:
  /// `literal` is Lua already.
  void add(std::string_view key, std::string literal);

  /// "return { … }" and a newline.
  std::string text() const;

private:
  struct Table {
    std::vector<std::pair<std::string, std::string>> values;
    std::vector<std::pair<std::string, Table>> tables;
  };
  static void write(const Table& table, const std::string& indent, std::string& text);
  Table root_;
};

}  // namespace penstock
