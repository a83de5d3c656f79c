#pragma once

#include "penstock/store.h"
#include "pg-store/tally.h"
#include "shared/postgres/session.h"

#include <cstdint>
#include <span>
#include <vector>

namespace penstock::pg_store {

/// Grants or refuses intents in one transaction, which is one round trip unless a message has several.
std::vector<BeginResult> begin(postgres::Session& session, std::span<const Intent> intents, WallTime now);

/// What recording kept.
struct Recorded {
  std::int64_t kept[3] = {};  ///< by outcome
  std::int64_t repeated = 0;  ///< were there already, or belong to no message
  ReportTally reports;
};

/// Keeps ends of attempts in one transaction, which is one round trip unless a message has several.
Recorded record(postgres::Session& session, std::span<const Attempt> attempts);

}  // namespace penstock::pg_store
