#pragma once

#include "penstock/http.h"

#include <optional>
#include <string>
#include <string_view>

namespace penstock {

/// What a request says in its Idempotency-Key header.
struct IdempotencyHeader {
  std::optional<std::string_view> key;  ///< unquoted; holds as long as the request's headers and `unescaped`
  std::string unescaped;                ///< storage for a quoted key with backslashes
  std::string_view fault;               ///< a sentence when the header cannot be used, else empty
};

/// Reads the header: one, bare or as a quoted string of RFC 8941, 1 to 255 visible ASCII characters.
void readIdempotencyHeader(const HttpRequest& request, IdempotencyHeader& result);

}  // namespace penstock
