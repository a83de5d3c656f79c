#pragma once

#include "shared/postgres/parameters.h"

#include "penstock/identity.h"

#include <cstdint>

namespace penstock::pg_queue {

/// Which of the 64 partitions a conversation is in.
inline std::uint8_t partitionOf(const Digest128& conversation) { return conversation.bytes[0] & 63U; }

/// A set of partitions: a bit for each.
inline constexpr std::uint64_t kAllPartitions = ~std::uint64_t{0};

inline postgres::Array<std::int16_t> partitionsOf(std::uint64_t bits) {
  postgres::Array<std::int16_t> array;
  for (std::int16_t i = 0; i < 64; ++i)
    if ((bits >> i & 1U) != 0) array.add(i);
  return array;
}

}  // namespace penstock::pg_queue
