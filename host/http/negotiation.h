#pragma once

#include "http/refusal.h"
#include "penstock/http.h"

#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace penstock {

using HeaderViews = std::span<const std::pair<std::string_view, std::string_view>>;

/// Whether the Accept fields (RFC 9110, 12.5.1) let application/json through. None at all do.
bool acceptsJson(HeaderViews headers);

/// Whether a body of these headers is JSON without a content coding.
bool carriesJson(HeaderViews headers);

}  // namespace penstock
