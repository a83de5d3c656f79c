#pragma once

#include "worker/limits.h"

#include "penstock/clock.h"
#include "penstock/control.h"
#include "penstock/health.h"
#include "penstock/log.h"
#include "penstock/policy.h"
#include "shared/backoff/backoff.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace penstock {

/// The bucket that all processes on one store share for a name. It tells nobody whose it is.
std::string bucketOf(const Limits::Ask& ask);

/// Leases the tokens that messages ask the limits for, on a thread of its own, so that no message waits for the store.
/// While the store is away nothing is leased: what is leased is used up, then messages wait.
class SharedLimits {
public:
  SharedLimits(Control& control, Limits& limits, Clock& clock, Log log, Policy& policy);
  ~SharedLimits();
  SharedLimits(const SharedLimits&) = delete;
  SharedLimits& operator=(const SharedLimits&) = delete;

  /// Begins to lease, unless it has begun. Neither this nor stop may be called by two threads at once.
  void start(HealthBoard& board);

  /// Ends the thread. [blocks: for a call of the store in progress]
  void stop() noexcept;

private:
  void run(Heartbeat& heartbeat, const std::stop_token& stop);
  void round(Heartbeat& heartbeat, const std::stop_token& stop);
  void failed(const char* what);

  Control& control_;
  Limits& limits_;
  Clock& clock_;
  const Log log_;
  Policy& policy_;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool woken_ = false;  // guarded by mutex_

  // The thread's own.
  std::deque<Limits::Ask> asks_;  ///< not answered yet
  bool away_ = false;
  SteadyTime next_try_{};
  Backoff backoff_;

  std::jthread thread_;
};

}  // namespace penstock
