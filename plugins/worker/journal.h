#pragma once

#include "worker/isolate.h"
#include "worker/metrics.h"

#include "penstock/log.h"
#include "penstock/policy.h"

#include <cstdint>

namespace penstock {

/// Writes down what becomes of events: the counts for each, and a log line the first time it is kept and when its
/// attempts end otherwise than well. [any thread]
class Journal {
public:
  Journal(Log log, Metrics& registry, Policy& policy) : metrics(registry), log_(log), policy_(policy) {}

  /// An event was received.
  void received(Duration waited);
  /// An attempt ended, before anything is settled. `now` is the wall clock.
  void attempted(const Event& event, std::uint32_t attempt, const PersistOutcome& outcome, WallTime now);
  /// The queue answered a settlement.
  void settled(const Event& event, std::uint32_t attempt, const Settlement& settlement, SettleVerdict verdict);

  WorkerMetrics metrics;

private:
  void kept(const Event& event, std::uint32_t attempt, const Persisted& persisted, WallTime now);

  Log log_;
  Policy& policy_;
};

}  // namespace penstock
