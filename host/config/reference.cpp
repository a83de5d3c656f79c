#include "config/configuration.h"
#include "config/json_value.h"
#include "config/layers.h"

namespace penstock {
namespace {

/// As programs read it, and for most as people do.
std::string_view typeName(ConfigType type) {
  switch (type) {
    case ConfigType::Text:
      return "text";
    case ConfigType::Integer:
      return "integer";
    case ConfigType::Boolean:
      return "boolean";
    case ConfigType::Period:
      return "duration";
    case ConfigType::Size:
      return "size";
    case ConfigType::Choice:
      return "choice";
    case ConfigType::List:
      return "list";
  }
  return "";
}

std::string_view typeWords(ConfigType type) {
  if (type == ConfigType::Integer) return "whole number";
  if (type == ConfigType::Boolean) return "true or false";
  return typeName(type);
}

std::string boundsWords(const ConfigRow& row) {
  if (row.bounds.empty()) return {};
  if (row.bounds == "nonempty") return ", not empty";
  if (row.type == ConfigType::Choice) return ": " + std::string(row.bounds);
  return ", " + std::string(row.bounds);
}

}  // namespace

std::string reference(std::span<const Section> sections) {
  std::string text;
  for (const Section& section : sections) {
    for (const ConfigRow& row : section.rows) {
      text += fullKey(section, row.key) + "\n    ";
      text += row.secret ? "secret" : typeWords(row.type);
      text += boundsWords(row);
      if (!row.fallback.empty()) text += "; default " + std::string(row.fallback);
      if (row.secret) text += R"(; as { file = "…" }, { env = "…" } or { credential = "…" })";
      text += row.reloadable ? "; changes on reload\n    " : "; changes on restart\n    ";
      text += std::string(row.text) + "\n\n";
    }
  }
  return text;
}

std::string referenceJson(std::span<const Section> sections) {
  std::string text;
  JsonWriter json(text);
  json.beginArray();
  for (const Section& section : sections) {
    for (const ConfigRow& row : section.rows) {
      json.beginObject().member("key", fullKey(section, row.key)).member("type", typeName(row.type)).name("default");
      const auto fallback = row.secret || isWildcard(row) ? Parsed() : parseFallback(row);
      if (fallback.value)
        writeValue(json, *fallback.value);
      else
        json.null();
      json.name("bounds");
      if (row.bounds.empty())
        json.null();
      else
        json.value(row.bounds);
      json.member("secret", row.secret).member("reload", row.reloadable).member("help", row.text).endObject();
    }
  }
  json.endArray();
  return text + '\n';
}

}  // namespace penstock
