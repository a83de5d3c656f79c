#include "config/configuration.h"
#include "config/layers.h"

namespace penstock {
namespace {

std::string_view typeWord(ConfigType type) {
  switch (type) {
    case ConfigType::Text:
      return "text";
    case ConfigType::Integer:
      return "whole number";
    case ConfigType::Boolean:
      return "true or false";
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
      text += row.secret ? "secret" : typeWord(row.type);
      text += boundsWords(row);
      if (!row.fallback.empty()) text += "; default " + std::string(row.fallback);
      if (row.secret) text += R"(; as { file = "…" }, { env = "…" } or { credential = "…" })";
      text += row.reloadable ? "; changes on reload\n    " : "; changes on restart\n    ";
      text += std::string(row.text) + "\n\n";
    }
  }
  return text;
}

}  // namespace penstock
