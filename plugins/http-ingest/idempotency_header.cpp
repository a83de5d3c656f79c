#include "http-ingest/idempotency_header.h"

#include <algorithm>

namespace penstock {

namespace {

constexpr std::string_view kName = "idempotency-key";
constexpr std::size_t kLongestKey = 255;
constexpr std::string_view kRule =
    "The Idempotency-Key header must hold 1 to 255 visible ASCII characters, bare or as a quoted string.";

bool visible(char c) { return c > 0x20 && c < 0x7f; }

/// The inside of a quoted string, where a backslash stands before a quote or a backslash; false when it is malformed.
bool unquote(std::string_view inside, IdempotencyHeader& result) {
  if (inside.find_first_of("\"\\") == std::string_view::npos) {
    result.key = inside;
    return true;
  }
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] == '"') return false;
    if (inside[i] == '\\' && (++i == inside.size() || (inside[i] != '"' && inside[i] != '\\'))) return false;
    result.unescaped += inside[i];
  }
  result.key = result.unescaped;
  return true;
}

}  // namespace

void readIdempotencyHeader(const HttpRequest& request, IdempotencyHeader& result) {
  const auto value = request.header(kName);
  if (!value) return;
  if (request.count(kName) > 1) {
    result.fault = "The Idempotency-Key header must occur once.";
    return;
  }
  const bool quoted = value->starts_with('"');
  const bool closed = value->size() >= 2 && value->ends_with('"');
  if (!quoted)
    result.key = *value;
  else if (!closed || !unquote(value->substr(1, value->size() - 2), result))
    result.fault = kRule;
  if (!result.fault.empty()) return;
  if (result.key->empty() || result.key->size() > kLongestKey || !std::ranges::all_of(*result.key, visible))
    result.fault = kRule;
}

}  // namespace penstock
