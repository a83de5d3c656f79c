#pragma once

#include <cstdint>

namespace penstock {

/// One page of a list. Callers have checked the bounds: number >= 1, 1 <= size <= 50.
struct Page {
  std::uint64_t number = 1;
  std::uint32_t size = 50;
  std::uint64_t offset() const { return (number - 1) * size; }
};

}  // namespace penstock
