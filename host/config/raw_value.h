#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace penstock {

/// A value as it was written, before any row says what it means. An empty table is an empty list.
using RawValue = std::variant<std::string, std::int64_t, double, bool, std::vector<std::string>>;

/// What one file, or the command line, says: dotted keys and their values.
struct Layer {
  std::string name;  ///< as faults call it: penstock.lua, conf.d/50-site.lua, -D
  std::map<std::string, RawValue, std::less<>> values;
  std::map<std::string, std::string, std::less<>> environment;  ///< names read while it was made, and their values
};

/// As a person would type it; a list comma-separated.
std::string plainText(const RawValue& value);

/// As Lua writes it, on one line, at most 80 characters; for faults.
std::string shortLiteral(const RawValue& value);

/// A Lua string literal that holds any bytes on one line.
std::string quoted(std::string_view text);

/// A list as Lua writes it.
std::string quotedList(const std::vector<std::string>& items);

}  // namespace penstock
