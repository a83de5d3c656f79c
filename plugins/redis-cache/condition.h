#pragma once

#include "penstock/health.h"
#include "penstock/log.h"
#include "penstock/metrics.h"

#include <mutex>
#include <string>

namespace penstock::redis_cache {

/// Whether Redis can be used, and since it cannot, why. Says so in the log when it changes. [any thread]
class Condition {
public:
  /// `place`: where the server is, for people.
  Condition(const Log& log, Gauge& connected, std::string place);

  void good();
  void bad(const std::string& reason);
  Health health() const;
  bool isGood() const { return health().state == HealthState::Ready; }

private:
  std::string sentence(const std::string& reason) const;

  const Log log_;
  Gauge& connected_;
  const std::string place_;
  mutable std::mutex mutex_;
  Health health_;      // guarded by mutex_
  bool told_ = false;  // of the present trouble; likewise
};

}  // namespace penstock::redis_cache
