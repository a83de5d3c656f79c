#pragma once

#include "penstock/metrics.h"

#include <map>
#include <string>
#include <string_view>

namespace penstock::postgres {

namespace metric {
inline constexpr CounterSpec kErrors{"penstock_database_errors_total",
                                     "Calls to PostgreSQL that failed, by the class of their SQLSTATE."};
inline constexpr GaugeSpec kInUse{"penstock_database_connections_in_use", "Connections of the pool that work now."};
inline constexpr GaugeSpec kUp{"penstock_database_up", "1 while the database can be used and has the right schema."};
inline constexpr GaugeSpec kOldest{"penstock_database_oldest_transaction_seconds",
                                   "Age of the oldest transaction that keeps dead rows from being removed."};
inline constexpr GaugeSpec kDead{"penstock_database_dead_rows",
                                 "Dead rows of a table of the engine, as the statistics of the server estimate them."};
}  // namespace metric

/// What is counted of one engine's database. [any thread]
class DatabaseMetrics {
public:
  /// `engine`: the value of the label, such as pg_queue; a constant.
  DatabaseMetrics(Metrics& registry, std::string_view engine);

  /// The counter of this SQLSTATE's class; a connection that was lost without one counts as 08.
  Counter& errors(std::string_view sqlstate) const;
  Gauge& deadRows(std::string_view table) const;

  Gauge& in_use;
  Gauge& up;
  Gauge& oldest_transaction;

private:
  Metrics& registry_;
  const std::string_view engine_;
  std::map<std::string_view, Counter*> errors_;
};

}  // namespace penstock::postgres
