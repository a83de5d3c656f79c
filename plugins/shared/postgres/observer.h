#pragma once

#include "penstock/log.h"
#include "penstock/time.h"
#include "shared/postgres/metrics.h"
#include "shared/postgres/session.h"

#include <cstdint>
#include <string>

namespace penstock::postgres {

/// Looks at what hurts a database while it works: a transaction that stays open, which keeps dead rows from being
/// removed in every table, and how many there are. [one thread at a time]
class Observer {
public:
  /// `what`: store or queue, as its lines in the log are named; the queue's tables are those named queue_….
  /// `long_time`: how old a transaction must be for the log to name it; those of the engines take milliseconds.
  Observer(const Log& log, const DatabaseMetrics& metrics, std::string what,
           Duration long_time = std::chrono::minutes(1));

  /// [blocks: for two short statements] [throws: Fault]
  void look(Session& session);

private:
  void oldestTransaction(Session& session);

  const Log log_;
  const DatabaseMetrics& metrics_;
  const std::string what_;
  const Duration long_time_;
  std::int64_t named_ = -1;  ///< the process whose transaction the log has named
};

}  // namespace penstock::postgres
