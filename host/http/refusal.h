#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace penstock {

/// Why the listener itself refuses a request or a connection.
enum class RefusalCode : std::uint8_t {
  MalformedRequest,
  BadFraming,
  BadTarget,
  BadChunk,
  BodyCut,
  NotFound,
  MethodNotAllowed,
  NotAcceptable,
  RequestTimeout,
  BodyTooLarge,
  UriTooLong,
  UnsupportedMediaType,
  ExpectationFailed,
  HeadersTooLarge,
  Draining,
  TooManyConnections,
  Overloaded,
  HttpVersion,
};

/// The word is the problem's `code` and the metric's `reason`.
struct RefusalKind {
  unsigned status;
  std::string_view word;
  unsigned retry_after = 0;  ///< seconds; 0: not said
};

/// In the order of RefusalCode.
inline constexpr std::array kRefusals{
    RefusalKind{400, "malformed_request"},  RefusalKind{400, "bad_framing"},
    RefusalKind{400, "bad_target"},         RefusalKind{400, "bad_chunk"},
    RefusalKind{400, "body_cut"},           RefusalKind{404, "not_found"},
    RefusalKind{405, "method_not_allowed"}, RefusalKind{406, "not_acceptable"},
    RefusalKind{408, "request_timeout"},    RefusalKind{413, "body_too_large"},
    RefusalKind{414, "uri_too_long"},       RefusalKind{415, "unsupported_media_type"},
    RefusalKind{417, "expectation_failed"}, RefusalKind{431, "headers_too_large"},
    RefusalKind{503, "draining", 5},        RefusalKind{503, "too_many_connections", 1},
    RefusalKind{503, "overloaded", 1},      RefusalKind{505, "http_version_not_supported"},
};
static_assert(kRefusals.size() == static_cast<std::size_t>(RefusalCode::HttpVersion) + 1);

struct Refusal {
  RefusalCode code = RefusalCode::MalformedRequest;
  std::string_view detail;  ///< one sentence for the developer on the other side; a literal
  std::string_view allow;   ///< methods, for 405

  const RefusalKind& kind() const { return kRefusals[static_cast<std::size_t>(code)]; }
};

}  // namespace penstock
