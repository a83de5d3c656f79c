#pragma once

#include "support/captured_log.h"
#include "support/loaded_plugin.h"
#include "support/manual_clock.h"
#include "support/recorded_metrics.h"
#include "support/row_config.h"
#include "support/stub_health_board.h"
#include "support/stub_policy.h"
#include "support/temporary_folder.h"
#include "support/test_context.h"

#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace penstock::test {

/// A plugin loaded from its .so with a host around it that the test owns: its rows' defaults with overrides, a clock
/// the test moves, recorded metrics and log, a data folder of its own that restart() keeps.
///
///     PluginFixture store(PENSTOCK_SQLITE_STORE, {{"busy_timeout", "1s"}});
///     store.start();
///     store.get<Store>().persist(...);
///
/// An override of a section that the plugin shares is written with the section's name, such as pg.url.
class PluginFixture {
public:
  explicit PluginFixture(const std::string& file, Overrides overrides = {}, std::string migrations = {})
      : PluginFixture(file, nullptr, std::move(overrides), std::move(migrations)) {}

  /// With a clock of the caller's instead of `clock`, such as one that runs.
  PluginFixture(const std::string& file, Clock* time, Overrides overrides = {}, std::string migrations = {})
      : plugin_(file),
        log(std::string(plugin_.descriptor().name)),
        shared_(sharedSections(plugin_.descriptor(), overrides)),
        config_(plugin_.descriptor().rows, std::move(overrides)),
        context_(config_, log.log(), metrics, time == nullptr ? clock : *time, policy, board, folder.path().string(),
                 std::move(migrations)) {
    for (const auto& [name, section] : shared_) context_.share(name, *section);
    context_.lend<HealthBoard>(board);
    context_.lend<Policy>(policy);
  }
  ~PluginFixture() { stop(); }
  PluginFixture(const PluginFixture&) = delete;
  PluginFixture& operator=(const PluginFixture&) = delete;

  /// Gives the plugin an interface it requires. Call before start.
  template <typename Interface>
  void lend(Interface& implementation) {
    context_.lend<Interface>(implementation);
  }

  void start() {
    instance_ = plugin_.create();
    instance_->start(context_);
  }

  /// Stops the plugin but keeps it, so that what it answers after stop can be asked.
  void stop(Duration patience = std::chrono::seconds(10)) {
    if (instance_ && !stopped_) instance_->stop(context_.clock.now() + patience);
    stopped_ = true;
  }

  /// Stops, destroys, and starts a new instance over the same folder.
  void restart() {
    stop();
    instance_.reset();
    stopped_ = false;
    start();
  }

  /// What the plugin provided.
  template <typename Interface>
  Interface& get() const {
    if (auto* found = context_.provided<Interface>()) return *found;
    throw std::logic_error("the plugin does not give " + std::string(Interface::kInterface));
  }

  Plugin& instance() { return *instance_; }
  const Descriptor& descriptor() const { return plugin_.descriptor(); }
  TestContext& context() { return context_; }

private:
  LoadedPlugin plugin_;

public:
  TemporaryFolder folder;
  ManualClock clock;
  RecordedMetrics metrics;
  StubPolicy policy;
  StubHealthBoard board;
  CapturedLog log;

private:
  using SharedSections = std::map<std::string, std::unique_ptr<RowConfig>>;

  /// Takes what belongs to shared sections out of the overrides.
  static SharedSections sharedSections(const Descriptor& descriptor, Overrides& overrides) {
    SharedSections sections;
    for (const SharedSection& section : descriptor.shared) {
      const std::string prefix = std::string(section.name) + '.';
      Overrides own;
      for (auto entry = overrides.lower_bound(prefix); entry != overrides.end() && entry->first.starts_with(prefix);
           entry = overrides.erase(entry))
        own.emplace(entry->first.substr(prefix.size()), entry->second);
      sections.emplace(std::string(section.name), std::make_unique<RowConfig>(section.rows, std::move(own)));
    }
    return sections;
  }

  SharedSections shared_;
  RowConfig config_;
  TestContext context_;
  std::unique_ptr<Plugin> instance_;
  bool stopped_ = false;
};

}  // namespace penstock::test
