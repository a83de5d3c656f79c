#pragma once

#include "penstock/health.h"
#include "penstock/time.h"

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

namespace penstock {

/// What GET /admin/status tells, before it is JSON.
struct StatusReport {
  std::string version;
  Duration uptime{};  ///< to the microsecond, so that two readings make a rate
  WallTime started_at{};
  HealthState state = HealthState::Ready;
  std::vector<PluginHealth> plugins;
  std::vector<std::string> stalled;  ///< loops that do not advance
  std::string public_place;
  std::string admin_place;
  std::string policy;                      ///< hash of what is in force
  std::string queue;                       ///< the engine's plugin; empty: none
  std::vector<std::string> needs_restart;  ///< keys that were changed since the start and wait for the next one
  std::vector<prometheus::MetricFamily> metrics;
};

/// One JSON object. Numbers come from the same series that /metrics shows; what no series tells is null.
std::string toJson(const StatusReport& report);

}  // namespace penstock
