#include "app/service.h"

#include "app/provider_sections.h"
#include "app/running.h"
#include "logging/logging.h"

namespace penstock {

Service::Service(Installation installation, ConfigSource source, Wakes wakes, ListenerSockets sockets)
    : installation_(std::move(installation)),
      source_(std::move(source)),
      wakes_(std::move(wakes)),
      sockets_(std::move(sockets)) {}

Service::~Service() = default;

void Service::build() {
  Configuration configuration = Configuration::load(source_);
  Catalog catalog = makeCatalog(configuration, installation_);
  std::vector<std::string> faults = catalog.faults(configuration);
  if (!faults.empty()) throw ConfigurationFaults(std::move(faults));
  running_ = std::make_unique<Running>(installation_, std::move(configuration), std::move(catalog), wakes_);
}

void Service::start() {
  build();
  running_->open(std::move(sockets_));
}

void Service::migrate(const std::function<void(const std::string& plugin, const std::string& sentence)>& said) {
  build();
  running_->migrate(said);
}

ReloadReport Service::told(Notify& notify) noexcept {
  notify.reloading();
  ReloadReport report = running_->tryReload(source_);
  notify.ready(running_->status());
  return report;
}

void Service::reload(Notify& notify) noexcept {
  if (running_) told(notify);
}

bool Service::answerOperators(Notify& notify) noexcept {
  return running_ && running_->answerOperators([&] { return told(notify); });
}

void Service::reopenLogs() noexcept {
  try {
    penstock::reopenLogs();
  } catch (const std::exception& fault) {
    if (running_)
      running_->log().error("host.reopen_failed", std::string("log files were not reopened: ") + fault.what());
  }
}

std::string Service::status() const { return running_->status(); }

void Service::tell(Notify& notify) {
  if (!notify.period()) return;
  notify.status(running_->status());
  feed(notify);
}

void Service::feed(Notify& notify) {
  const std::vector<std::string> stalled = running_->stalled();
  if (!notify.feed(stalled)) return;
  std::string loops;
  for (const std::string& loop : stalled) loops += (loops.empty() ? "" : ", ") + loop;
  running_->log().critical("host.stalled", "loops do not advance; the service manager's watchdog is not fed",
                           {{"loops", loops}});
}

Duration Service::drainTimeout() const { return running_->drainTimeout(); }

void Service::stop() noexcept {
  if (running_) running_->stop();
}

void Service::abandon(int signal) noexcept {
  running_->log().warning("host.abandoned", "a second signal came while draining; leaving at once",
                          {{"signal", std::to_string(signal)}});
  stopLogging();
}

void checkScripts(const Configuration& configuration, const Catalog& catalog, const Installation& installation) {
  Registry registry;
  SystemClock clock;
  Poco::Logger& quiet = Poco::Logger::get("check-config");
  quiet.setLevel("none");
  const PolicyHost policy(scriptsFolder(configuration, installation), scriptSettings(configuration, catalog), registry,
                          Log(quiet), clock);
}

}  // namespace penstock
