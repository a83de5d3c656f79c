#pragma once

#include "loader/host_services.h"
#include "loader/interface_registry.h"
#include "loader/plugin_context.h"

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace penstock {

/// The plugins of this process, from start to stop. One thread calls start, reload and stop; health is for any thread.
class PluginSet {
public:
  /// `order` comes from startOrder. The registry outlives the set.
  PluginSet(const std::vector<const Descriptor*>& order, InterfaceRegistry& interfaces, Log log);

  /// Stops, with no time left, what was not stopped, and deletes the plugins in reverse order.
  ~PluginSet();
  PluginSet(const PluginSet&) = delete;
  PluginSet& operator=(const PluginSet&) = delete;

  /// Creates and starts each plugin in order. When one fails, it and those before it are stopped in reverse order.
  /// [throws: StartFailure that begins with the plugin's name and keeps `configuration`]
  void start(const HostServices& services);

  /// Creates each plugin and lets it migrate, in start order; none is started. `said`: what each says of it, by name.
  /// [throws: StartFailure that begins with the plugin's name and keeps `configuration`]
  void migrate(const HostServices& services,
               const std::function<void(const std::string& plugin, const std::string& sentence)>& said);

  /// Stops what was started, in the exact reverse order; each plugin gets the same deadline. The plugins stay in
  /// memory, what they gave cannot be found any more.
  void stop(SteadyTime deadline) noexcept;

  /// Hands each running plugin its section again. One that refuses keeps its old values and the others still get
  /// theirs; the answer is a sentence for each that refused.
  std::vector<std::string> reload(const std::function<const Config&(std::string_view plugin)>& section);

  /// Each plugin's own health, in start order; one that has not started or has stopped is Down.
  /// [any thread] [does not block]
  std::vector<PluginHealth> health();

private:
  /// How long plugins that had started may take to stop when a later one fails.
  static constexpr Duration kGiveUp = std::chrono::seconds(10);

  enum class State : std::uint8_t { Waiting, Running, Stopped };
  struct Member {
    const Descriptor* descriptor;
    std::unique_ptr<PluginContext> context;
    std::unique_ptr<Plugin> plugin;
    bool to_stop = false;  ///< start was called, stop was not
  };
  struct States {
    std::mutex mutex;  ///< held while health is asked, so that no plugin is asked once its stop has begun
    std::vector<State> of_member;
  };

  void startOne(Member& member, const HostServices& services);
  void enter(std::size_t index, State state);

  InterfaceRegistry& interfaces_;
  Log log_;
  std::vector<Member> members_;
  States states_;
};

}  // namespace penstock
