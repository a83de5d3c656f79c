#pragma once

#include "penstock/clock.h"
#include "penstock/config.h"
#include "penstock/health.h"
#include "penstock/log.h"
#include "penstock/metrics.h"
#include "penstock/policy.h"
#include "penstock/unique_function.h"

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// A start that cannot succeed, as a sentence for the system administrator. Ends the process with exit code 69
/// (service unavailable), or 78 when `configuration` is true.
struct StartFailure : std::runtime_error {
  explicit StartFailure(const std::string& sentence, bool from_configuration = false)
      : std::runtime_error(sentence), configuration(from_configuration) {}
  bool configuration;
};

/// What the host lends a plugin. Everything is borrowed until Plugin::stop has returned.
class Context {
public:
  Context(const Config& section, const Log& logger, Metrics& registry, Clock& time, Policy& scripts, HealthBoard& board,
          std::string data, std::string migrations_path)
      : config(section),
        log(logger),
        metrics(registry),
        clock(time),
        policy(scripts),
        health(board),
        data_directory(std::move(data)),
        migrations_directory(std::move(migrations_path)) {}
  virtual ~Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const Config& config;  ///< the plugin's own section
  Log log;               ///< the logger named as the plugin
  Metrics& metrics;
  Clock& clock;
  Policy& policy;
  HealthBoard& health;
  std::string data_directory;        ///< exists, private to the service
  std::string migrations_directory;  ///< holds sqlite/ and postgres/

  /// A section that the descriptor's `shared` names. Throws std::logic_error for any other name. [any thread]
  virtual const Config& shared(std::string_view section) const = 0;

  /// The interface another plugin or the host provides. Those in the descriptor's `requires_` are always there, those
  /// in `uses` if an enabled plugin gives them; for others nullptr is possible. [start]
  template <typename Interface>
  Interface* find() {
    return static_cast<Interface*>(findInterface(Interface::kInterface));
  }
  template <typename Interface>
  Interface& require() {
    if (auto* found = find<Interface>()) return *found;
    throw StartFailure("nothing gives " + std::string(Interface::kInterface));
  }

  /// Gives an interface listed in the descriptor's `provides`; it must live until stop. [start]
  template <typename Interface>
  void provide(Interface& implementation) {
    provideInterface(Interface::kInterface, static_cast<void*>(&implementation));
  }

  /// Ends the process in order, with exit code 70 and this sentence: something broke that no retry can mend.
  /// [any thread] [does not block]
  virtual void fatal(std::string sentence) noexcept = 0;

private:
  virtual void* findInterface(std::string_view name) = 0;
  virtual void provideInterface(std::string_view name, void* implementation) = 0;
};

/// A plugin. The host calls these from one thread, one at a time, except health.
class Plugin {
public:
  virtual ~Plugin() = default;

  /// Gets ready to work and returns. Requirements have started. [throws: StartFailure or any std::exception]
  virtual void start(Context& context) = 0;

  /// Brings what the plugin keeps elsewhere, such as a database schema, up to date and returns; `penstockd --migrate`
  /// calls it instead of start. Nothing can be found or provided. Returns what was done, or who does it, in a few words
  /// for a person; empty when nothing is kept. [blocks] [throws: StartFailure or any std::exception]
  virtual std::string migrate(Context& /*context*/) { return {}; }

  /// Ends all work: afterwards no thread of the plugin runs and nothing borrowed is used. Plugins stop in the reverse
  /// order of starting. Also called when start has thrown.
  virtual void stop(SteadyTime deadline) noexcept = 0;

  /// [any thread] [does not block]
  virtual Health health() { return {}; }

  /// Reloadable rows may have changed. [does not block for long] [throws: any std::exception; the old values stay]
  virtual void reload(const Config& /*section*/) {}
};

/// A section of the configuration that several plugins read, such as the way to one database. All that name it declare
/// the same rows.
struct SharedSection {
  std::string_view name;
  std::span<const ConfigRow> rows;
};

/// What the door shows before any code of the plugin runs. A static constant; strings are literals. Members without a
/// default have to be given.
struct Descriptor {
  const char* fingerprint;  ///< PENSTOCK_FINGERPRINT; compared before anything else is read
  std::string_view name;    ///< as the folder, the file, the section and the logger
  std::string_view version;
  std::string_view summary;                       ///< one sentence for --list-plugins
  std::span<const std::string_view> provides{};   ///< interfaces, such as penstock.queue/1
  std::span<const std::string_view> requires_{};  ///< interfaces; those of the host need not be listed
  std::span<const ConfigRow> rows{};
  Plugin* (*create)();                       ///< makes the plugin; the host deletes it through ~Plugin
  std::span<const SharedSection> shared{};   ///< sections it reads beside its own
  std::span<const std::string_view> uses{};  ///< interfaces it finds if some plugin gives them, which then starts first

  /// What is wrong with the plugin's section although every row of it is good, each as a sentence that begins with the
  /// key's path; part of the check of the configuration. May be null. [does not block]
  std::vector<std::string> (*check)(const Config& section) = nullptr;
};

}  // namespace penstock

/// Defines the plugin's one exported symbol.
#define PENSTOCK_PLUGIN(descriptor)                                                                            \
  extern "C" __attribute__((visibility("default"))) const ::penstock::Descriptor* penstock_plugin() noexcept;  \
  extern "C" __attribute__((visibility("default"))) const ::penstock::Descriptor* penstock_plugin() noexcept { \
    return &(descriptor);                                                                                      \
  }
