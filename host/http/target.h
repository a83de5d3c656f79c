#pragma once

#include "penstock/http.h"

#include "http/refusal.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock {

/// A request target (RFC 9112, 3.2) in origin form; an absolute one has lost its scheme and authority.
struct Target {
  std::string_view whole;  ///< path and query
  std::string_view path;
  std::string_view query;  ///< without the question mark
  bool asterisk = false;
};

std::optional<Refusal> splitTarget(std::string_view text, Target& target);

/// Decodes %XX (and + to a blank when `form`). False for a broken escape, U+0000, or what is not UTF-8 afterwards.
bool percentDecode(std::string_view text, bool form, std::string& decoded);

/// Name and value pairs, in order. Nothing is passed over but empty pairs.
std::optional<Refusal> decodeQuery(std::string_view text, std::vector<std::pair<std::string, std::string>>& pairs);

}  // namespace penstock
