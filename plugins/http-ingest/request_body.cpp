#include "http-ingest/request_body.h"

#include "http-ingest/refusals.h"

namespace penstock {

std::optional<Problem> RequestBody::read(std::string_view text) {
  const auto fault = text_.read(text);
  if (!fault) return std::nullopt;
  return fault->is_json ? refusals::notAnObject() : refusals::malformedJson(fault->why);
}

}  // namespace penstock
