#include "config/lua_text.h"

#include "config/raw_value.h"

#include <algorithm>
#include <cctype>

namespace penstock {
namespace {

std::string name(const std::string& part) {
  const bool word =
      std::ranges::all_of(part, [](char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; });
  if (word && !part.empty() && std::isdigit(static_cast<unsigned char>(part[0])) == 0) return part;
  return '[' + quoted(part) + ']';
}

}  // namespace

void LuaText::add(std::string_view key, std::string literal) {
  Table* table = &root_;
  for (auto dot = key.find('.'); dot != std::string_view::npos; dot = key.find('.')) {
    const std::string part(key.substr(0, dot));
    key.remove_prefix(dot + 1);
    auto found = std::ranges::find(table->tables, part, [](const auto& entry) { return entry.first; });
    if (found == table->tables.end()) found = table->tables.insert(found, {part, Table{}});
    table = &found->second;
  }
  table->values.emplace_back(std::string(key), std::move(literal));
}

void LuaText::write(const Table& table, const std::string& indent, std::string& text) {
  for (const auto& [key, literal] : table.values) text += indent + name(key) + " = " + literal + ",\n";
  for (const auto& [key, inner] : table.tables) {
    text += indent + name(key) + " = {\n";
    write(inner, indent + "  ", text);
    text += indent + "},\n";
  }
}

std::string LuaText::text() const {
  std::string text = "return {\n";
  write(root_, "  ", text);
  return text += "}\n";
}

}  // namespace penstock
