#pragma once

#include "penstock/http.h"

namespace penstock {

enum class Format : std::uint8_t { Text, Json };

/// What the request's Accept headers prefer (RFC 9110, 12.5.1). Text unless JSON is wanted more than plain text or, as
/// much, by its own name. Never refuses: who accepts neither gets text.
Format preferredFormat(const HttpRequest& request);

}  // namespace penstock
