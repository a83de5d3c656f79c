#pragma once

#include "penstock/health.h"
#include "penstock/log.h"
#include "penstock/metrics.h"

#include <mutex>
#include <string>
#include <utility>

namespace penstock::postgres {

/// Whether the database can be used, and since it cannot, why. Says so in the log when it changes. [any thread]
class Condition {
public:
  /// `what`: store or queue, as its lines in the log are named.
  Condition(const Log& log, Gauge& up, std::string what) : log_(log), up_(up), what_(std::move(what)) {}

  void good();
  void bad(const std::string& reason);
  Health health() const;
  bool isGood() const { return health().state == HealthState::Ready; }

private:
  const Log log_;
  Gauge& up_;
  const std::string what_;
  mutable std::mutex mutex_;
  Health health_{HealthState::Down, "the database has not been reached yet"};  // guarded by mutex_
  bool told_ = false;                                                          // of the present trouble; likewise
};

}  // namespace penstock::postgres
