#include "app/daemon.h"

#include "app/begin.h"
#include "app/catalog.h"
#include "app/drain.h"
#include "app/notify.h"
#include "app/passed_sockets.h"
#include "app/plugin_list.h"
#include "app/service.h"
#include "app/service_environment.h"
#include "app/signals.h"
#include "app/system_clock.h"
#include "logging/logging.h"
#include "policy/policy_host.h"

#include <Poco/Util/HelpFormatter.h>
#include <Poco/Util/OptionCallback.h>
#include <Poco/Util/OptionException.h>

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>

namespace penstock {
namespace {

using Poco::Util::Option;
using Poco::Util::OptionCallback;

void complain(const std::string& sentence) { std::cerr << "penstockd: " << sentence << std::endl; }

std::optional<std::string> environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

/// Runs `work` and turns what it throws into sentences and an exit code.
template <typename Work>
int reporting(Work&& work) {
  try {
    return work();
  } catch (const ConfigurationFaults& faults) {
    for (const std::string& fault : faults.faults) std::cerr << fault << '\n';
    std::cerr.flush();
    return kExitConfiguration;
  } catch (const PolicyFault& fault) {
    complain(fault.what());
    return kExitConfiguration;
  } catch (const StartFailure& failure) {
    complain(failure.what());
    return failure.configuration ? kExitConfiguration : kExitUnavailable;
  } catch (const Poco::Exception& fault) {
    complain(fault.displayText());
  } catch (const std::exception& fault) {
    complain(fault.what());
  }
  return kExitSoftware;
}

}  // namespace

Daemon::Daemon() : installation_(Installation::find()) { setUnixOptions(true); }

void Daemon::defineOptions(Poco::Util::OptionSet& options) {
  const auto mode = OptionCallback<Daemon>(this, &Daemon::setMode);
  options.addOption(Option("config", "c", "configuration file; default: " + installation_.configuration.string())
                        .argument("FILE")
                        .callback(OptionCallback<Daemon>(this, &Daemon::setConfig)));
  options.addOption(Option("define", "D", "sets a configuration value above the file, such as -D worker.lease=45s")
                        .argument("key=value")
                        .repeatable(true)
                        .callback(OptionCallback<Daemon>(this, &Daemon::addOverride)));
  options.addOption(
      Option("check-config", "t", "checks configuration, plugins and scripts, and exits: 0 or 78").callback(mode));
  options.addOption(
      Option("config-reference", "", "prints every configuration key with type, default and bounds").callback(mode));
  options.addOption(Option("show-config", "", "prints the values in force, secrets as ***").callback(mode));
  options.addOption(Option("list-plugins", "", "prints every plugin found, and why one is refused").callback(mode));
  options.addOption(Option("json", "", "with one of these three: prints it as JSON, one document").callback(mode));
  options.addOption(Option("migrate", "", "brings the schema of the enabled plugins up to date, and exits: 0, 69 or 78")
                        .callback(mode));
  options.addOption(Option("as-service", "",
                           "with the environment files of penstock.service instead of this shell's environment, and, "
                           "when root calls, as its user")
                        .callback(OptionCallback<Daemon>(this, &Daemon::setAsService)));
  options.addOption(Option("version", "V", "prints the version").callback(mode));
  options.addOption(Option("help", "h", "prints this").callback(mode));
}

void Daemon::setConfig(const std::string& /*name*/, const std::string& value) { config_file_ = value; }

void Daemon::addOverride(const std::string& /*name*/, const std::string& value) {
  const std::size_t equals = value.find('=');
  if (equals == std::string::npos || equals == 0)
    throw Poco::Util::InvalidArgumentException("-D " + value + ": expected key=value, such as -D worker.lease=45s");
  overrides_.emplace_back(value.substr(0, equals), value.substr(equals + 1));
}

void Daemon::setAsService(const std::string& /*name*/, const std::string& /*value*/) { as_service_ = true; }

void Daemon::setMode(const std::string& name, const std::string& /*value*/) {
  if (name == "json") json_ = true;
  if (name == "check-config") mode_ = Mode::CheckConfig;
  if (name == "config-reference") mode_ = Mode::ConfigReference;
  if (name == "show-config") mode_ = Mode::ShowConfig;
  if (name == "list-plugins") mode_ = Mode::ListPlugins;
  if (name == "migrate") mode_ = Mode::Migrate;
  if (name == "version") mode_ = Mode::Version;
  if (name == "help") {
    mode_ = Mode::Help;
    stopOptionsProcessing();
  }
}

ConfigSource Daemon::source() const {
  ConfigSource source;
  source.file = config_file_.empty() ? installation_.configuration : std::filesystem::path(config_file_);
  source.drop_ins = source.file.parent_path() / "conf.d";
  source.overrides = overrides_;
  source.environment = environment;
  source.credentials = environment("CREDENTIALS_DIRECTORY");
  source.plugins = installation_.plugins;
  return source;
}

int Daemon::main(const std::vector<std::string>& arguments) {
  if (!arguments.empty()) {
    complain("unexpected argument " + arguments.front() + "; see penstockd --help");
    return kExitUsage;
  }
  const bool prints = mode_ == Mode::ConfigReference || mode_ == Mode::ShowConfig || mode_ == Mode::ListPlugins;
  if (json_ && !prints && mode_ != Mode::Help) {
    complain("--json goes with --config-reference, --show-config or --list-plugins; see penstockd --help");
    return kExitUsage;
  }
  return reporting([this] {
    if (as_service_) {
      if (!config_file_.empty()) config_file_ = std::filesystem::absolute(config_file_).string();
      becomeService();
    }
    return mode_ == Mode::Serve ? serve() : answer();
  });
}

int Daemon::answer() {
  switch (mode_) {
    case Mode::Help: {
      Poco::Util::HelpFormatter help(options());
      help.setCommand("penstockd");
      help.setUsage("[options]");
      help.setHeader(
          "Messaging gateway: accepts messages over HTTP, checks them by Lua policy, queues and persists them.");
      help.setFooter(
          "Exit codes: 0 after a drain, 64 wrong command line, 69 something needed is missing, 70 broke while "
          "running, 78 configuration faults.");
      help.setWidth(110);
      help.format(std::cout);
      return kExitOk;
    }
    case Mode::Version:
      std::cout << "penstockd " << PENSTOCK_VERSION << " (SDK " << PENSTOCK_FINGERPRINT << ")\n";
      return kExitOk;
    case Mode::CheckConfig:
      return checkConfig();
    case Mode::Migrate:
      return migrate();
    case Mode::ConfigReference:
      return printReference();
    default:
      break;
  }
  const Configuration configuration = Configuration::load(source());
  const Catalog catalog = makeCatalog(configuration, installation_);
  if (mode_ == Mode::ListPlugins) {
    std::cout << (json_ ? pluginListJson(catalog.discovery) : pluginList(catalog.discovery));
    return kExitOk;
  }
  configuration.check(catalog.sections);
  std::cout << (json_ ? configuration.showJson(catalog.sections) : configuration.show(catalog.sections));
  return kExitOk;
}

int Daemon::checkConfig() const {
  const Configuration configuration = Configuration::load(source());
  const Catalog catalog = makeCatalog(configuration, installation_);
  std::vector<std::string> faults = catalog.faults(configuration);
  if (!faults.empty()) throw ConfigurationFaults(std::move(faults));
  checkLogging(*configuration.poco(catalog.sections));
  checkScripts(configuration, catalog, installation_);
  for (const std::string& sentence : configuration.passedOver()) std::cout << sentence << '\n';
  std::cout << "configuration is good\n";
  return kExitOk;
}

int Daemon::migrate() const {
  Service service(installation_, source(), {[] {}, [] {}});
  bool nothing = true;
  service.migrate([&](const std::string& plugin, const std::string& sentence) {
    nothing = false;
    std::cout << plugin << ": " << sentence << '\n';
  });
  if (nothing) std::cout << "no plugin that is enabled keeps anything\n";
  return kExitOk;
}

int Daemon::printReference() const {
  const ConfigSource from = source();
  // The keys are documentation, for everybody; the installed configuration is not everybody's to read.
  const bool readable = !config_file_.empty() || ::access(from.file.c_str(), R_OK) == 0;
  const int fault = errno;
  Installation installation = installation_;
  if (!readable) {
    complain("cannot read " + from.file.string() + ": " + std::strerror(fault) +
             "; these are the keys of the installed plugins and of the scripts as they were shipped");
    installation.scripts = installation.shipped_scripts;
  }
  const Configuration configuration = readable ? Configuration::load(from) : Configuration::withoutFiles(from);
  const Catalog catalog = makeCatalog(configuration, installation);
  std::cout << (json_ ? referenceJson(catalog.sections) : reference(catalog.sections));
  return kExitOk;
}

int Daemon::serve() {
  Signals signals;
  SystemClock clock;
  Notify notify = Notify::fromEnvironment(clock);
  Service service(installation_, source(), {[&signals] { signals.raiseFatal(); }, [&signals] { signals.raiseAsked(); }},
                  passedSockets());
  begin(service, signals, notify);
  notify.ready(service.status());
  for (;;) {
    int signal = 0;
    switch (signals.next(signal, notify.period())) {
      case Wake::Time:
        break;
      case Wake::Reload:
        service.reload(notify);
        break;
      case Wake::ReopenLogs:
        service.reopenLogs();
        break;
      case Wake::Asked:
        if (service.answerOperators(notify)) return drain(service, signals, notify), kExitOk;
        break;
      case Wake::Fatal:
        return drain(service, signals, notify), kExitSoftware;
      case Wake::Terminate:
        return drain(service, signals, notify), kExitOk;
    }
    service.tell(notify);
  }
}

}  // namespace penstock
