#pragma once

#include "penstock/http.h"

#include <string>
#include <string_view>
#include <variant>

namespace penstock {

/// A responder was dropped without an answer.
struct Abandoned {};

using Answer = std::variant<HttpResponse, Problem, Abandoned>;

/// What an answer takes from its request and its connection.
struct AnswerFrame {
  std::string_view date;  ///< IMF-fixdate
  std::string_view request_id;
  std::string_view instance = "/";  ///< path of the request
  std::string_view allow;           ///< methods, for 405 and OPTIONS
  bool head_only = false;           ///< the answer to HEAD: no body
  bool close = false;
  bool http_1_0 = false;
};

/// 500, when it is nobody else's fault.
Problem internalError(std::string_view detail);

/// Appends the answer to `out` as bytes for the wire, with every header that all answers have. Of its own headers
/// those that the listener owns or that are no tokens are left out, and control characters in values become blanks.
/// Returns the status that was written: 500 for one that no answer may have.
unsigned write(std::string& out, const AnswerFrame& frame, const HttpResponse& response);

/// The same for a problem document (RFC 9457).
unsigned write(std::string& out, const AnswerFrame& frame, const Problem& problem);

/// `now` as IMF-fixdate (RFC 9110, 5.6.7).
std::string formatDate(std::time_t now);

}  // namespace penstock
