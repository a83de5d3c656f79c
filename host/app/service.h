#pragma once

#include "app/catalog.h"
#include "app/installation.h"
#include "app/notify.h"
#include "config/configuration.h"
#include "http/server.h"

#include <functional>
#include <memory>
#include <string>

namespace penstock {

class Running;
struct ReloadReport;

/// Ways to make the signal loop look after the service, from any thread.
struct Wakes {
  std::function<void()> fatal;  ///< a plugin reported a fatal fault
  std::function<void()> asked;  ///< an operator asked for something
};

/// The running service: everything the host owns, built in order and taken down in the reverse.
/// start, reload, answerOperators, reopenLogs and stop are called from one thread at a time.
class Service {
public:
  /// The listeners use `sockets` where there are.
  Service(Installation installation, ConfigSource source, Wakes wakes, ListenerSockets sockets = {});
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Reads the configuration, starts the plugins and opens the listeners. What was started is stopped again when it
  /// throws. [throws: ConfigurationFaults, PolicyFault, StartFailure]
  void start();

  /// Reads the configuration and lets the enabled plugins migrate; nothing is started. `said`: what each says of it.
  /// [throws: ConfigurationFaults, PolicyFault, StartFailure]
  void migrate(const std::function<void(const std::string& plugin, const std::string& sentence)>& said);

  /// Reads configuration and scripts again and puts them in force whole, or logs why not and keeps the old. The manager
  /// is told when it begins and when it is over.
  void reload(Notify& notify) noexcept;

  /// Does what the admin listener was asked for, and tells the manager of a reload. True when that is to drain.
  bool answerOperators(Notify& notify) noexcept;

  void reopenLogs() noexcept;

  /// How the started service is, in one line.
  std::string status() const;
  /// Tells the service manager the status, and feeds its watchdog.
  void tell(Notify& notify);
  /// Feeds the watchdog of the service manager while every loop advances. [any thread, also while stop runs]
  void feed(Notify& notify);

  /// How long a stop may take to drain.
  Duration drainTimeout() const;

  /// Drains within the configured time and stops everything.
  void stop() noexcept;

  /// Says in the log that a second signal ends the process without finishing. [any thread, while stop runs]
  void abandon(int signal) noexcept;

private:
  void build();
  ReloadReport told(Notify& notify) noexcept;

  Installation installation_;
  ConfigSource source_;
  Wakes wakes_;
  ListenerSockets sockets_;
  std::unique_ptr<Running> running_;
};

/// Compiles the configured scripts without putting them in force. [throws: PolicyFault]
void checkScripts(const Configuration& configuration, const Catalog& catalog, const Installation& installation);

}  // namespace penstock
