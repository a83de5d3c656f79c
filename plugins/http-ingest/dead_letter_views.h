#pragma once

#include "penstock/dead_letters.h"

#include <span>
#include <string>

namespace penstock {

/// Dead letters as JSON, as openapi.yaml states them. Only the view of one shows the message itself. [any thread]
std::string toJson(const DeadLetterPage& listing, Page page);
std::string toJson(const DeadLetter& letter);
std::string toJson(std::span<const DeadLetterGroup> groups);

/// {"<what>": count}
std::string countToJson(std::string_view what, std::uint64_t count);

}  // namespace penstock
