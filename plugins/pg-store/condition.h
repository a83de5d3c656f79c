#pragma once

#include "penstock/health.h"
#include "penstock/log.h"
#include "penstock/metrics.h"

#include <mutex>
#include <string>

namespace penstock::pg_store {

/// Whether the database can be used, and since it cannot, why. Says so in the log when it changes. [any thread]
class Condition {
public:
  Condition(const Log& log, Gauge& up) : log_(log), up_(up) {}

  void good();
  void bad(const std::string& reason);
  Health health() const;
  bool isGood() const { return health().state == HealthState::Ready; }

private:
  const Log log_;
  Gauge& up_;
  mutable std::mutex mutex_;
  Health health_{HealthState::Down, "the database has not been reached yet"};  // guarded by mutex_
  bool told_ = false;                                                          // of the present trouble; likewise
};

}  // namespace penstock::pg_store
