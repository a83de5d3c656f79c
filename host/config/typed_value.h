#pragma once

#include "config/raw_value.h"
#include "penstock/config.h"

#include <optional>
#include <string>
#include <variant>

namespace penstock {

/// A value as its row means it: Text and Choice, Integer, Boolean, Duration, Size, List, and secrets of any type.
using TypedValue =
    std::variant<std::string, std::int64_t, bool, Duration, std::uint64_t, std::vector<std::string>, Secret>;

/// The value, or what was expected instead ("expected a duration such as 30s (default 30s)").
struct Parsed {
  std::optional<TypedValue> value;
  std::string fault;
};

/// Reads a value by its row. Text stands for every type, as -D and environment variables give it.
Parsed parseValue(const ConfigRow& row, const RawValue& raw);

/// Reads the row's default. [throws: std::logic_error when the row contradicts itself]
Parsed parseFallback(const ConfigRow& row);

/// As a person would type it; a list comma-separated; a secret as ***.
std::string plainText(const TypedValue& value);

/// As Lua writes it; a secret as "***".
std::string literal(const TypedValue& value);

bool sameValue(const TypedValue& left, const TypedValue& right);

/// A row whose key ends with * takes any name, to any depth.
inline bool isWildcard(const ConfigRow& row) { return row.key.ends_with('*'); }

}  // namespace penstock
