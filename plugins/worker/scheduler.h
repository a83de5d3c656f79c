#pragma once

#include "worker/pacer.h"
#include "worker/shared_pace.h"

#include "penstock/clock.h"
#include "penstock/control.h"
#include "penstock/health.h"
#include "penstock/log.h"
#include "penstock/metrics.h"
#include "penstock/policy.h"
#include "shared/backoff/backoff.h"
#include "shared/schedule/schedule.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

namespace penstock {

inline constexpr GaugeSpec kSchedulerRunning{
    "penstock_worker_scheduler_running", "Whether messages are sent: 1 yes, 0 stopped, or the store has not said yet."};

/// Keeps the pacer as all processes on the store have agreed: running or stopped, and at one pace together. Nothing is
/// sent until the store has said which; while it is away, what it last said holds, and a pace stands still. Also tells
/// the store how this worker is paced, for those that have no worker.
class Scheduler {
public:
  Scheduler(Control& control, Pacer& pacer, Clock& clock, Log log, Metrics& metrics, Policy& policy, Duration interval,
            std::uint64_t batch, bool autostart);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  void start(HealthBoard& board);

  /// Ends the thread; the pacer stays as it is. [blocks: for a call of the store in progress]
  void stop() noexcept;

private:
  void run(Heartbeat& heartbeat, const std::stop_token& stop);
  void round();
  void learn();
  void announce();
  void lease();
  void apply(const schedule::State& state);
  void failed(const char* what);

  Control& control_;
  Pacer& pacer_;
  Clock& clock_;
  const Log log_;
  Policy& policy_;
  Gauge& running_;
  const schedule::Settings settings_;
  const Duration patience_;
  std::optional<SharedPace> pace_;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<std::string> told_;  // by the watch; guarded by mutex_
  bool woken_ = false;               // guarded by mutex_

  // The thread's own.
  std::optional<schedule::State> known_;
  bool announced_ = false;
  bool away_ = false;
  std::uint64_t wanted_ = 0;  ///< asked for and not granted yet
  bool patient_ = false;      ///< has waited for what was missing
  SteadyTime next_try_{};
  Backoff backoff_;

  std::unique_ptr<Watch> watch_;
  std::jthread thread_;
};

}  // namespace penstock
