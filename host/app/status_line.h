#pragma once

#include "penstock/health.h"

#include <span>
#include <string>

namespace penstock {

/// What the last reload left to do.
struct ReloadOutcome {
  bool refused = false;           ///< nothing of it took effect
  std::string waits_for_restart;  ///< names of the keys that were changed, with commas between; empty: none
};

/// How the service is, in one line for `systemctl status`, such as "ready on 127.0.0.1:8080" or "degraded: pg-store:
/// …".
std::string statusLine(HealthState state, std::span<const PluginHealth> plugins, const std::string& place,
                       const ReloadOutcome& reload);

}  // namespace penstock
