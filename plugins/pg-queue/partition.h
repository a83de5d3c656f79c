#pragma once

#include "penstock/identity.h"

#include <cstdint>

namespace penstock::pg_queue {

/// Which of the 64 partitions a conversation is in.
inline std::uint8_t partitionOf(const Digest128& conversation) { return conversation.bytes[0] & 63U; }

}  // namespace penstock::pg_queue
