#include "config/typed_value.h"

#include "config/quantity.h"

#include <algorithm>
#include <stdexcept>

namespace penstock {
namespace {

constexpr std::string_view kNonEmpty = "nonempty";

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    std::string_view part = text.substr(0, end);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::optional<bool> parseBoolean(const RawValue& raw) {
  if (const auto* boolean = std::get_if<bool>(&raw)) return *boolean;
  const auto* text = std::get_if<std::string>(&raw);
  if (text != nullptr && *text == "true") return true;
  if (text != nullptr && *text == "false") return false;
  return std::nullopt;
}

std::optional<std::vector<std::string>> parseList(const RawValue& raw) {
  if (const auto* list = std::get_if<std::vector<std::string>>(&raw)) return *list;
  if (const auto* text = std::get_if<std::string>(&raw)) return split(*text, ',');
  return std::nullopt;
}

/// Reads the value without looking at bounds.
std::optional<TypedValue> parseType(const ConfigRow& row, const RawValue& raw) {
  const auto* text = std::get_if<std::string>(&raw);
  const auto* integer = std::get_if<std::int64_t>(&raw);
  switch (row.type) {
    case ConfigType::Text:
      if (text != nullptr) return *text;
      if (isWildcard(row)) return plainText(raw);
      return std::nullopt;
    case ConfigType::Choice:
      if (text != nullptr) return *text;
      return std::nullopt;
    case ConfigType::Integer:
      if (integer != nullptr) return *integer;
      return text == nullptr ? std::nullopt : std::optional<TypedValue>(parseInteger(*text));
    case ConfigType::Boolean:
      return parseBoolean(raw);
    case ConfigType::Period:
      return text == nullptr ? std::nullopt : std::optional<TypedValue>(parseDuration(*text));
    case ConfigType::Size:
      if (integer != nullptr && *integer >= 0) return static_cast<std::uint64_t>(*integer);
      return text == nullptr ? std::nullopt : std::optional<TypedValue>(parseSize(*text));
    case ConfigType::List:
      return parseList(raw);
  }
  return std::nullopt;
}

struct Range {
  std::string_view least;
  std::string_view greatest;
};

Range range(const ConfigRow& row) {
  const auto dots = row.bounds.find("..");
  if (dots == std::string_view::npos) return {};
  return {row.bounds.substr(0, dots), row.bounds.substr(dots + 2)};
}

[[noreturn]] void rejectRow(const ConfigRow& row, const std::string& why) {
  throw std::logic_error("configuration row " + std::string(row.key) + ": " + why);
}

TypedValue parseBound(const ConfigRow& row, std::string_view bound) {
  auto value = parseType(row, std::string(bound));
  if (!value) rejectRow(row, "bounds \"" + std::string(row.bounds) + "\" cannot be read");
  return *value;
}

std::int64_t magnitude(const TypedValue& value) {
  if (const auto* duration = std::get_if<Duration>(&value)) return duration->count();
  if (const auto* bytes = std::get_if<std::uint64_t>(&value)) return static_cast<std::int64_t>(*bytes);
  return std::get<std::int64_t>(value);
}

bool withinBounds(const ConfigRow& row, const TypedValue& value) {
  if (row.bounds.empty()) return true;
  switch (row.type) {
    case ConfigType::Text:
      return row.bounds != kNonEmpty || !std::get<std::string>(value).empty();
    case ConfigType::List:
      return row.bounds != kNonEmpty || !std::get<std::vector<std::string>>(value).empty();
    case ConfigType::Choice:
      return std::ranges::count(split(row.bounds, '|'), std::get<std::string>(value)) > 0;
    case ConfigType::Boolean:
      return true;
    case ConfigType::Integer:
    case ConfigType::Period:
    case ConfigType::Size: {
      const Range limits = range(row);
      return (limits.least.empty() || magnitude(value) >= magnitude(parseBound(row, limits.least))) &&
             (limits.greatest.empty() || magnitude(value) <= magnitude(parseBound(row, limits.greatest)));
    }
  }
  return false;
}

std::string kindWords(ConfigType type) {
  switch (type) {
    case ConfigType::Integer:
      return "a whole number";
    case ConfigType::Period:
      return "a duration";
    case ConfigType::Size:
      return "a size";
    case ConfigType::Boolean:
      return "true or false";
    case ConfigType::List:
      return "a list such as { \"a\", \"b\" }";
    case ConfigType::Text:
    case ConfigType::Choice:
      break;
  }
  return "text";
}

std::string rangeWords(const Range& limits) {
  if (limits.greatest.empty()) return limits.least.empty() ? "" : " of at least " + std::string(limits.least);
  if (limits.least.empty()) return " of at most " + std::string(limits.greatest);
  return " from " + std::string(limits.least) + " to " + std::string(limits.greatest);
}

std::string choiceWords(std::string_view bounds) {
  const auto words = split(bounds, '|');
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

std::string expectation(const ConfigRow& row, bool type_is_right) {
  std::string text = "expected " + kindWords(row.type);
  switch (row.type) {
    case ConfigType::Choice:
      text = "expected " + choiceWords(row.bounds);
      break;
    case ConfigType::Text:
      if (row.bounds == kNonEmpty) text = "expected text that is not empty";
      break;
    case ConfigType::List:
      if (row.bounds == kNonEmpty) text += " that is not empty";
      break;
    case ConfigType::Integer:
      text += rangeWords(range(row));
      break;
    case ConfigType::Period:
      text += type_is_right ? rangeWords(range(row)) : " such as 30s";
      break;
    case ConfigType::Size:
      text += type_is_right ? rangeWords(range(row)) : " such as 64MB";
      break;
    case ConfigType::Boolean:
      break;
  }
  if (!row.fallback.empty()) text += " (default " + std::string(row.fallback) + ")";
  return text;
}

}  // namespace

Parsed parseValue(const ConfigRow& row, const RawValue& raw) {
  auto value = parseType(row, raw);
  if (!value) return {std::nullopt, expectation(row, false)};
  if (!withinBounds(row, *value)) return {std::nullopt, expectation(row, true)};
  return {std::move(value), {}};
}

Parsed parseFallback(const ConfigRow& row) {
  if (row.secret) return {Secret(), {}};
  Parsed parsed = parseValue(row, std::string(row.fallback));
  if (!parsed.value && !row.fallback.empty()) rejectRow(row, "its own default breaks its rule: " + parsed.fault);
  return parsed;
}

std::string plainText(const TypedValue& value) {
  struct Visitor {
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(std::int64_t integer) const { return std::to_string(integer); }
    std::string operator()(bool boolean) const { return boolean ? "true" : "false"; }
    std::string operator()(Duration duration) const { return formatDuration(duration); }
    std::string operator()(std::uint64_t bytes) const { return formatSize(bytes); }
    std::string operator()(const std::vector<std::string>& list) const { return plainText(RawValue(list)); }
    std::string operator()(const Secret& /*value*/) const { return "***"; }
  };
  return std::visit(Visitor{}, value);
}

std::string literal(const TypedValue& value) {
  if (std::holds_alternative<std::int64_t>(value) || std::holds_alternative<bool>(value)) return plainText(value);
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return quotedList(*list);
  return quoted(plainText(value));
}

bool sameValue(const TypedValue& left, const TypedValue& right) {
  const auto* old_secret = std::get_if<Secret>(&left);
  const auto* new_secret = std::get_if<Secret>(&right);
  if (old_secret != nullptr && new_secret != nullptr) return old_secret->reveal() == new_secret->reveal();
  if (old_secret != nullptr || new_secret != nullptr) return false;
  return plainText(left) == plainText(right);
}

}  // namespace penstock
