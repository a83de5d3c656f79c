#include "app/running.h"

#include "app/provider_sections.h"
#include "app/status_report.h"
#include "http/config.h"
#include "logging/logging.h"

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <utility>

namespace penstock {
namespace fs = std::filesystem;
namespace {

Log logger(const std::string& name) { return Log(Poco::Logger::get(name)); }

/// The configured folder, or the installation's when none is configured.
fs::path folder(const std::string& configured, const fs::path& fallback) {
  return configured.empty() ? fallback : fs::absolute(configured);
}

std::string makeDataFolder(const fs::path& path) {
  std::error_code fault;
  const bool made = fs::create_directories(path, fault);
  if (fault)
    throw StartFailure("cannot make the data folder " + path.string() + ": " + fault.message() +
                       "; set data_dir or DATA_DIR to a folder the service may write to");
  if (made) fs::permissions(path, fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec, fault);
  return path.string();
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) all.push_back(line);
  return all;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all;
}

}  // namespace

Running::Running(const Installation& installation, Configuration configuration, Catalog catalog, Wakes wakes)
    : installation_(installation),
      started_with_(configuration),
      configuration_(std::move(configuration)),
      catalog_(std::move(catalog)),
      wake_fatal_(std::move(wakes.fatal)),
      data_(makeDataFolder(folder(section("").text("data_dir"), installation.data))),
      migrations_(folder(section("").text("migrations_dir"), installation.migrations).string()),
      process_(registry_, PENSTOCK_VERSION),
      log_(logger("penstock")),
      admin_(std::move(wakes.asked)) {
  startLogging(*configuration_.poco(catalog_.sections), &registry_);
  reload_good_.set(1);
  policy_ = std::make_unique<PolicyHost>(scriptsFolder(configuration_, installation),
                                         scriptSettings(configuration_, catalog_), registry_, logger("policy"), clock_);
  http_ = std::make_unique<HttpServer>(httpOptions(), registry_, logger("http"), health_);
  admin_.addTo(*http_);
  interfaces_.give<Http>(*http_);
  interfaces_.give<Policy>(*policy_);
  interfaces_.give<Providers>(*policy_);
  interfaces_.give<ProviderSettingsBoard>(*policy_);
  interfaces_.give<ProviderWebhooks>(*policy_);
  interfaces_.give<Exposition>(registry_);
  interfaces_.give<HealthBoard>(health_);
  plugins_ = std::make_unique<PluginSet>(orderOf(configuration_, catalog_).plugins, interfaces_, log_);
}

const Config& Running::section(std::string_view name) {
  auto found = sections_.find(name);
  if (found == sections_.end())
    found = sections_.emplace(std::string(name), configuration_.section(catalog_.section(name))).first;
  return *found->second;
}

HttpOptions Running::httpOptions() { return penstock::httpOptions(section("http"), data_); }

HostServices Running::services() {
  return {registry_,
          clock_,
          *policy_,
          health_,
          data_,
          migrations_,
          [this](std::string_view plugin) -> const Config& { return section(plugin); },
          [this](std::string_view plugin, const std::string& sentence) { fatal(plugin, sentence); }};
}

void Running::fatal(std::string_view plugin, const std::string& sentence) noexcept {
  log_.critical("host.fatal", sentence, {{"plugin", plugin}});
  wake_fatal_();
}

void Running::open(ListenerSockets sockets) {
  plugins_->start(services());
  if (auto* queue = interfaces_.find<Queue>())
    gauges_ = std::make_unique<QueueGauges>(registry_, *queue, interfaces_.giver(Queue::kInterface));
  http_->inherit(std::move(sockets));
  http_->open();
  for (const std::string& sentence : configuration_.passedOver()) log_.information("host.file_passed_over", sentence);
  log_.notice("host.started", "Penstock " PENSTOCK_VERSION " serves",
              {{"plugins", joined(configuration_.plugins())}, {"data_dir", data_}, {"policy", policy_->hash().hex()}});
}

std::string Running::status() {
  std::vector<PluginHealth> plugins;
  const HealthState state = health_.ready(&plugins);
  return statusLine(state, plugins, http_->place(ListenerName::Public), reload_);
}

ReloadReport Running::reload(const ConfigSource& source) {
  ConfigSource known = source;
  // What has been installed since the start is met by the next one.
  known.installed = [this](std::string_view plugin) {
    return std::ranges::any_of(catalog_.discovery.plugins,
                               [&](const FoundPlugin& one) { return one.descriptor != nullptr && one.name == plugin; });
  };
  const Configuration next = Configuration::load(known);
  Catalog catalog = catalog_;
  addProviders(next, installation_, catalog);
  std::vector<std::string> faults = catalog.faults(next);
  if (!faults.empty()) throw ConfigurationFaults(std::move(faults));
  for (const std::string& sentence : next.passedOver()) log_.information("host.file_passed_over", sentence);
  checkLogging(*next.poco(catalog.sections));
  policy_->reload(scriptSettings(next, catalog));
  catalog_ = std::move(catalog);
  applyLevels(*next.poco(catalog_.sections));

  std::map<std::string, std::unique_ptr<Config>, std::less<>> sections;
  for (const Section& one : catalog_.sections)
    if (one.active) sections.emplace(one.name, next.section(one));
  ReloadReport report;
  report.taken = true;
  report.kept_old =
      plugins_->reload([&](std::string_view plugin) -> const Config& { return *sections.find(plugin)->second; });
  for (const std::string& sentence : report.kept_old) log_.error("host.reload_refused", sentence);

  report.changed = configuration_.changed(next, catalog_.sections, true);
  report.needs_restart = started_with_.changed(next, catalog_.sections, false);
  report.policy = policy_->hash().hex();
  if (!report.needs_restart.empty())
    log_.warning("host.restart_required", "some changed keys take effect after a restart",
                 {{"keys", joined(report.needs_restart)}});
  configuration_ = next;
  log_.notice("host.reloaded", "configuration and scripts were reloaded",
              {{"keys", joined(report.changed)}, {"policy", report.policy}});
  return report;
}

ReloadReport Running::tryReload(const ConfigSource& source) noexcept {
  try {
    ReloadReport report = reload(source);
    reload_ = {false, joined(report.needs_restart)};
    reload_good_.set(1);
    reloads_applied_.add();
    return report;
  } catch (const std::exception& fault) {
    reload_good_.set(0);
    reload_.refused = true;
    reloads_refused_.add();
    log_.error("host.reload_failed", std::string("nothing was reloaded; what was in force stays: ") + fault.what());
    ReloadReport report;
    report.faults = lines(fault.what());
    return report;
  }
}

std::string Running::statusJson() noexcept try {
  StatusReport report;
  report.version = PENSTOCK_VERSION;
  report.uptime = std::chrono::duration_cast<Duration>(clock_.now() - started_at_);
  report.started_at = clock_.wall() - report.uptime;
  report.state = health_.ready(&report.plugins);
  report.stalled = health_.stalled();
  report.public_place = http_->place(ListenerName::Public);
  report.admin_place = http_->place(ListenerName::Admin);
  report.policy = policy_->hash().hex();
  report.queue = interfaces_.giver(Queue::kInterface);
  report.needs_restart = started_with_.changed(configuration_, catalog_.sections, false);
  report.metrics = registry_.collect();
  return toJson(report);
} catch (const std::exception& fault) {
  log_.error("host.status_failed", std::string("the status could not be told: ") + fault.what());
  return {};
}

Duration Running::drainTimeout() const {
  return configuration_.section(catalog_.section("shutdown"))->duration("drain_timeout");
}

bool Running::answerOperators(std::function<ReloadReport()> reload) noexcept {
  return admin_.work({std::move(reload), [this] { return statusJson(); }, drainTimeout()});
}

void Running::stop() noexcept {
  if (std::exchange(stopped_, true)) return;
  try {
    const Duration drain = drainTimeout();
    const SteadyTime deadline = clock_.now() + drain;
    log_.notice("host.stopping", "draining: no new work is accepted");
    health_.drain();
    admin_.close();
    // The other half is the workers': a client that is slow to the end must not cost what was accepted from others.
    if (http_) http_->drain(deadline - drain / 2);
    gauges_.reset();
    if (plugins_) plugins_->stop(deadline);
    if (http_) http_->close();
    log_.notice("host.stopped", "everything has stopped");
  } catch (const std::exception& fault) {
    log_.critical("host.stop_failed", fault.what());
  }
  stopLogging();
}

}  // namespace penstock
