#include "config/raw_value.h"

#include <array>
#include <charconv>

namespace penstock {
namespace {

constexpr std::size_t kLongestShown = 80;

std::string number(double value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

/// Cuts at a character's border, so that what is shown stays UTF-8.
std::string_view cut(std::string_view text, std::size_t length) {
  if (text.size() <= length) return text;
  while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) --length;
  return text.substr(0, length);
}

}  // namespace

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (c == '\n') {
      result += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      constexpr std::string_view digits = "0123456789abcdef";
      result += "\\x";
      result += digits[byte >> 4U];
      result += digits[byte & 0xFU];
    } else {
      result += c;
    }
  }
  return result += '"';
}

std::string quotedList(const std::vector<std::string>& items) {
  if (items.empty()) return "{}";
  std::string result = "{ ";
  for (const std::string& item : items) {
    if (result.size() > 2) result += ", ";
    result += quoted(item);
  }
  return result += " }";
}

std::string plainText(const RawValue& value) {
  struct Visitor {
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(std::int64_t integer) const { return std::to_string(integer); }
    std::string operator()(double real) const { return number(real); }
    std::string operator()(bool boolean) const { return boolean ? "true" : "false"; }
    std::string operator()(const std::vector<std::string>& list) const {
      std::string text;
      for (const std::string& item : list) {
        if (!text.empty()) text += ',';
        text += item;
      }
      return text;
    }
  };
  return std::visit(Visitor{}, value);
}

std::string shortLiteral(const RawValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (text->size() > kLongestShown) return quoted(std::string(cut(*text, kLongestShown)) + "…");
    return quoted(*text);
  }
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    std::string shown = quotedList(*list);
    return shown.size() > kLongestShown ? std::string(cut(shown, kLongestShown)) + "… }" : shown;
  }
  return plainText(value);
}

}  // namespace penstock
