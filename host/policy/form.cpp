#include "policy/form.h"

#include <algorithm>
#include <optional>

namespace penstock {
namespace {

constexpr std::size_t kLongestBoundary = 70;  // RFC 2046, 5.1.1
constexpr std::string_view kLineEnd = "\r\n";

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool sameWord(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, [](char a, char b) { return lower(a) == lower(b); });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Takes a value off the front: a quoted string (whose backslashes protect quotes and backslashes) or what is before
/// the next semicolon.
std::string takeValue(std::string_view& text) {
  std::string value;
  if (!text.starts_with('"')) {
    const std::size_t end = std::min(text.find(';'), text.size());
    value = trimmed(text.substr(0, end));
    text.remove_prefix(end);
    return value;
  }
  std::size_t at = 1;
  for (; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\' && at + 1 < text.size() && (text[at + 1] == '"' || text[at + 1] == '\\')) ++at;
    value.push_back(text[at]);
  }
  text.remove_prefix(std::min(at + 1, text.size()));
  return value;
}

/// A parameter of a header such as `form-data; name="a"; filename="b"`.
std::optional<std::string> parameter(std::string_view header, std::string_view name) {
  std::size_t semicolon = header.find(';');
  while (semicolon != std::string_view::npos) {
    header.remove_prefix(semicolon + 1);
    const std::size_t equals = header.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view key = trimmed(header.substr(0, equals));
    header = trimmed(header.substr(equals + 1));
    std::string value = takeValue(header);
    if (sameWord(key, name)) return value;
    semicolon = header.find(';');
  }
  return std::nullopt;
}

/// Reads a part's head and body. False when it is no part of a form.
bool readPart(std::string_view text, FormPart& part) {
  bool named = false;
  while (!text.starts_with(kLineEnd)) {
    const std::size_t end = text.find(kLineEnd);
    if (end == std::string_view::npos) return false;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + kLineEnd.size());
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (sameWord(line.substr(0, colon), "content-type")) part.type = value;
    if (!sameWord(line.substr(0, colon), "content-disposition")) continue;
    auto name = parameter(value, "name");
    if (!name) return false;
    part.name = std::move(*name);
    part.filename = parameter(value, "filename").value_or("");
    named = true;
  }
  part.body = text.substr(kLineEnd.size());
  return named;
}

}  // namespace

std::string formDecoded(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? nibble(text[i + 1]) : -1;
    const int low = high >= 0 ? nibble(text[i + 2]) : -1;
    if (low >= 0) {
      result.push_back(static_cast<char>(high << 4 | low));
      i += 2;
    } else {
      result.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return result;
}

std::vector<std::pair<std::string, std::string>> parseForm(std::string_view text, std::size_t most) {
  std::vector<std::pair<std::string, std::string>> fields;
  while (!text.empty() && fields.size() < most) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view field = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (field.empty()) continue;
    const std::size_t equals = std::min(field.find('='), field.size());
    fields.emplace_back(formDecoded(field.substr(0, equals)),
                        formDecoded(field.substr(std::min(equals + 1, field.size()))));
  }
  return fields;
}

std::vector<FormPart> parseMultipart(std::string_view content_type, std::string_view body, std::size_t most) {
  std::vector<FormPart> parts;
  const std::string_view type = trimmed(content_type.substr(0, std::min(content_type.find(';'), content_type.size())));
  const auto boundary = parameter(content_type, "boundary");
  if (!sameWord(type, "multipart/form-data") || !boundary || boundary->empty() || boundary->size() > kLongestBoundary)
    return parts;
  const std::string delimiter = "--" + *boundary;
  if (!body.starts_with(delimiter)) {
    const std::size_t first = body.find("\r\n" + delimiter);
    if (first == std::string_view::npos) return {};
    body.remove_prefix(first + kLineEnd.size());
  }
  body.remove_prefix(delimiter.size());
  while (!body.starts_with("--")) {
    if (!body.starts_with(kLineEnd) || parts.size() == most) return {};
    body.remove_prefix(kLineEnd.size());
    const std::size_t end = body.find("\r\n" + delimiter);
    FormPart part;
    if (end == std::string_view::npos || !readPart(body.substr(0, end), part)) return {};
    parts.push_back(std::move(part));
    body.remove_prefix(end + kLineEnd.size() + delimiter.size());
  }
  return parts;
}

}  // namespace penstock
