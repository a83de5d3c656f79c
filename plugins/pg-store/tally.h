#pragma once

#include <cstdint>

namespace penstock::pg_store {

/// What became of delivery reports in one transaction.
struct ReportTally {
  std::int64_t applied = 0;     ///< moved a status
  std::int64_t stale = 0;       ///< repeated or late
  std::int64_t kept = 0;        ///< waits for the send to be recorded
  std::int64_t unreadable = 0;  ///< names no message or no status that a report can have
};

}  // namespace penstock::pg_store
