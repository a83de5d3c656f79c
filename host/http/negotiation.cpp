#include "http/negotiation.h"

#include "http/text.h"

namespace penstock {
namespace {

/// How closely a media range names application/json: 0 not at all, 3 by name.
int closeness(std::string_view range) {
  if (equalIgnoringCase(range, "application/json")) return 3;
  if (equalIgnoringCase(range, "application/*")) return 2;
  return range == "*/*" ? 1 : 0;
}

/// Whether the parameters hold a weight of zero: q=0, q=0.0, q=0.00 or q=0.000.
bool excludes(std::string_view parameters) {
  while (!parameters.empty()) {
    std::string_view value = cut(parameters, ';');
    const std::string_view name = cut(value, '=');
    if (equalIgnoringCase(name, "q")) return value.starts_with('0') && value.find_first_not_of("0.") == value.npos;
  }
  return false;
}

}  // namespace

bool acceptsJson(HeaderViews headers) {
  bool asked = false;
  int closest = 0;
  bool accepted = false;
  for (const auto& [name, value] : headers) {
    if (name != "accept") continue;
    std::string_view ranges = value;
    while (!ranges.empty()) {
      std::string_view parameters = cut(ranges, ',');
      if (parameters.empty()) continue;
      asked = true;
      const int close = closeness(cut(parameters, ';'));
      if (close == 0 || close < closest) continue;
      accepted = (close == closest && accepted) || !excludes(parameters);
      closest = close;
    }
  }
  return !asked || accepted;
}

bool carriesJson(HeaderViews headers) {
  bool json = false;
  for (const auto& [name, value] : headers) {
    if (name == "content-type") {
      std::string_view parameters = value;
      json = equalIgnoringCase(cut(parameters, ';'), "application/json");
    } else if (name == "content-encoding" && !equalIgnoringCase(value, "identity")) {
      return false;
    }
  }
  return json;
}

}  // namespace penstock
