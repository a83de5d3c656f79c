#pragma once

#include "penstock/time.h"
#include "shared/sqlite/session.h"

#include <cstdint>
#include <string>

namespace penstock::sqlite {

/// Brings the schema up to date from `directory`, whose files are named NNNN_name.sql: applies those not yet applied,
/// in order, each in a transaction of its own, and remembers their checksums. Returns how many it applied. Several
/// processes may do so at once. [throws: StartFailure when the files and the database do not belong together, Fault]
std::uint32_t migrate(Session& session, const std::string& directory, WallTime now);

}  // namespace penstock::sqlite
