#include "app/status_line.h"

namespace penstock {
namespace {

std::string complaints(std::span<const PluginHealth> plugins) {
  std::string all;
  for (const PluginHealth& each : plugins)
    if (each.health.state != HealthState::Ready)
      all += (all.empty() ? "" : "; ") + each.plugin + ": " + each.health.reason;
  return all;
}

}  // namespace

std::string statusLine(HealthState state, std::span<const PluginHealth> plugins, const std::string& place,
                       const ReloadOutcome& reload) {
  std::string line;
  if (reload.refused) line += "the last reload was refused, see the log; ";
  if (!reload.waits_for_restart.empty()) line += "restart required for " + reload.waits_for_restart + "; ";
  switch (state) {
    case HealthState::Ready:
      return line + "ready on " + place;
    case HealthState::Degraded:
      return line + "degraded: " + complaints(plugins);
    case HealthState::Down:
      break;
  }
  return line + "not ready: " + complaints(plugins);
}

}  // namespace penstock
