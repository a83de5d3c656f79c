#pragma once

#include "penstock/metrics.h"
#include "policy/script_name.h"

#include <array>

namespace penstock {

inline constexpr HistogramSpec kLuaCallSeconds{"penstock_lua_call_seconds",
                                               "Time of a call of a script; one call in 16 of each thread is measured.",
                                               Buckets::Script};
inline constexpr CounterSpec kLuaFailures{
    "penstock_lua_failures_total",
    "Calls of a script that failed, by script and reason; provider scripts go by one name."};
inline constexpr CounterSpec kPolicyReloads{"penstock_policy_reloads_total",
                                            "Attempts to load the policy scripts again, by result."};
inline constexpr CounterSpec kReportIdsIgnored{
    "penstock_policy_report_ids_ignored_total",
    "Delivery reports whose message_id is no id of ours and was ignored; they count by the provider's id."};
inline constexpr GaugeSpec kPolicyLastReload{
    "penstock_policy_last_reload_successful",
    "Whether the scripts on disk were taken at the last load or reload (1) or refused (0)."};

/// The policy's instruments; every series exists from the start.
class PolicyMetrics {
public:
  explicit PolicyMetrics(Metrics& metrics)
      : reloads_taken(metrics.counter(kPolicyReloads, {{"result", "success"}})),
        reloads_refused(metrics.counter(kPolicyReloads, {{"result", "failure"}})),
        report_ids_ignored(metrics.counter(kReportIdsIgnored)),
        last_reload(metrics.gauge(kPolicyLastReload)) {
    for (const ScriptName script : kCalledScripts) {
      const auto name = word(script);
      seconds_[index(script)] = &metrics.histogram(kLuaCallSeconds, {{"script", name}});
      for (const FailureReason reason : kFailureReasons)
        failures_[index(script)][static_cast<std::size_t>(reason)] =
            &metrics.counter(kLuaFailures, {{"script", name}, {"reason", word(reason)}});
    }
  }

  Histogram& seconds(ScriptName script) const { return *seconds_[index(script)]; }
  Counter& failures(ScriptName script, FailureReason reason) const {
    return *failures_[index(script)][static_cast<std::size_t>(reason)];
  }

  Counter& reloads_taken;
  Counter& reloads_refused;
  Counter& report_ids_ignored;
  Gauge& last_reload;

private:
  std::array<Histogram*, kCalledScripts.size()> seconds_{};
  std::array<std::array<Counter*, kFailureReasons.size()>, kCalledScripts.size()> failures_{};
};

}  // namespace penstock
