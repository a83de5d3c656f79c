#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock {

/// Everything but unreserved characters as %XX.
std::string urlEncoded(std::string_view text);

/// + as blank and %XX as a byte; a % that begins no byte stays as it is.
std::string formDecoded(std::string_view text);

/// Names and values of a form in order (application/x-www-form-urlencoded,
/// https://url.spec.whatwg.org/#urlencoded-parsing), `most` at most.
std::vector<std::pair<std::string, std::string>> parseForm(std::string_view text, std::size_t most);

/// A part of a multipart body. Views point into it.
struct FormPart {
  std::string name;
  std::string filename;   ///< empty when it is no file
  std::string_view type;  ///< its Content-Type, perhaps empty
  std::string_view body;
};

/// The parts of a multipart/form-data body (RFC 7578), `most` at most. Empty when it is none or not well formed.
std::vector<FormPart> parseMultipart(std::string_view content_type, std::string_view body, std::size_t most);

}  // namespace penstock
