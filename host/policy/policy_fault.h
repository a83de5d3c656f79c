#pragma once

#include <stdexcept>

namespace penstock {

/// The scripts on disk cannot rule; a sentence for each fault, with file and line, separated by line breaks.
struct PolicyFault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace penstock
