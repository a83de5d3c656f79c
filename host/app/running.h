#pragma once

#include "app/admin_calls.h"
#include "app/catalog.h"
#include "app/installation.h"
#include "app/reload_report.h"
#include "app/service.h"
#include "app/status_line.h"
#include "app/system_clock.h"
#include "config/configuration.h"
#include "http/server.h"
#include "loader/health_roll_up.h"
#include "loader/plugin_set.h"
#include "loader/queue_gauges.h"
#include "metrics/process_metrics.h"
#include "metrics/registry.h"
#include "policy/policy_host.h"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace penstock {

inline constexpr CounterSpec kReloads{"penstock_config_reloads_total",
                                      "Reloads of configuration and scripts, by result."};
inline constexpr GaugeSpec kReloadGood{"penstock_config_last_reload_successful",
                                       "1 if the last reload took effect, 0 if it was refused."};

/// The parts, in the order in which they are built; they are destroyed in the reverse.
class Running {
public:
  Running(const Installation& installation, Configuration configuration, Catalog catalog, Wakes wakes);
  ~Running() { stop(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  /// Starts the plugins, then opens the listeners, on `sockets` where there are. [throws: StartFailure]
  void open(ListenerSockets sockets);
  /// Lets the plugins migrate instead of starting them, and hands on what they say of it. [throws: StartFailure]
  void migrate(const std::function<void(const std::string& plugin, const std::string& sentence)>& said) {
    plugins_->migrate(services(), said);
  }
  /// Reads configuration and scripts again and puts them in force whole; what is wrong is logged and changes nothing.
  ReloadReport tryReload(const ConfigSource& source) noexcept;
  /// Does what the admin listener was asked for, by `reload` where that is a reload. True when that is to drain.
  bool answerOperators(std::function<ReloadReport()> reload) noexcept;
  /// How long stop may take to drain.
  Duration drainTimeout() const;
  /// Drains and stops; more than once does nothing.
  void stop() noexcept;
  /// How the service is, in one line. [the thread of open, tryReload and stop]
  std::string status();
  /// Loops that do not advance. [any thread]
  std::vector<std::string> stalled() { return health_.stalled(); }
  const Log& log() const { return log_; }

private:
  ReloadReport reload(const ConfigSource& source);
  std::string statusJson() noexcept;
  const Config& section(std::string_view name);
  HttpOptions httpOptions();
  HostServices services();
  void fatal(std::string_view plugin, const std::string& sentence) noexcept;

  const Installation installation_;
  const Configuration started_with_;
  Configuration configuration_;
  Catalog catalog_;
  std::function<void()> wake_fatal_;
  std::map<std::string, std::unique_ptr<Config>, std::less<>> sections_;
  std::string data_;
  std::string migrations_;
  SystemClock clock_;
  const SteadyTime started_at_ = clock_.now();
  Registry registry_;
  ProcessMetrics process_;
  Gauge& reload_good_ = registry_.gauge(kReloadGood);
  Counter& reloads_applied_ = registry_.counter(kReloads, {{"result", "applied"}});
  Counter& reloads_refused_ = registry_.counter(kReloads, {{"result", "refused"}});
  Log log_;
  InterfaceRegistry interfaces_;
  std::unique_ptr<PolicyHost> policy_;
  std::unique_ptr<PluginSet> plugins_;
  HealthRollUp health_{clock_, [this] { return plugins_ ? plugins_->health() : std::vector<PluginHealth>{}; }};
  AdminCalls admin_;
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<QueueGauges> gauges_;
  ReloadOutcome reload_;
  bool stopped_ = false;
};

}  // namespace penstock
