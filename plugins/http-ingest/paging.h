#pragma once

#include "penstock/http.h"
#include "penstock/page.h"

#include <variant>

namespace penstock {

/// Reads page and pageSize (also page_size, limit): page from 1, size 50 when absent or 0, at most 50. A refusal when
/// one of them is not such a number. When several names of the size are given the first in this order counts.
std::variant<Page, Problem> readPage(const HttpRequest& request);

}  // namespace penstock
