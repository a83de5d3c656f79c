#pragma once

#include "ctl/output.h"
#include "ctl/reading.h"

#include <cstddef>
#include <string>
#include <vector>

namespace penstock::ctl {

/// The service on one screen, in lines of so many cells, what hurts first: short windows show the beginning. Without an
/// earlier reading it shows no rates.
std::vector<std::string> screenOf(const Reading& now, const Reading* earlier, std::size_t columns = kUnbounded);

}  // namespace penstock::ctl
