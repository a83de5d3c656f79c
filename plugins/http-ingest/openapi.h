#pragma once

#include <string_view>

namespace penstock {

/// The text of openapi.yaml, put in while building.
extern const std::string_view kOpenApi;

}  // namespace penstock
