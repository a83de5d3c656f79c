#pragma once

#include "penstock/time.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

enum class HealthState : std::uint8_t {
  Ready,     ///< does all its work
  Degraded,  ///< works, but something hurts
  Down,      ///< requests that need it would be refused
};

struct Health {
  HealthState state = HealthState::Ready;
  std::string reason{};  ///< a sentence that names what is missing; empty when Ready
};

struct PluginHealth {
  std::string plugin;
  Health health{};
};

/// Shows that a loop advances. [any thread]
class Heartbeat {
public:
  virtual ~Heartbeat() = default;
  /// Call at least once in each `limit`, waiting included.
  virtual void tick() noexcept = 0;
};

/// penstock.health/1: the roll-up, given by the host.
class HealthBoard {
public:
  static constexpr std::string_view kInterface = "penstock.health/1";
  virtual ~HealthBoard() = default;

  /// The worst of all plugins, and each one's own. While draining the state is Down. Cached for 250 ms.
  /// [any thread] [does not block]
  virtual HealthState ready(std::vector<PluginHealth>* details = nullptr) = 0;

  /// Names of the loops that missed their limit; empty means alive. Never asks a server. [any thread] [does not block]
  virtual std::vector<std::string> stalled() = 0;

  /// Registers a loop; it counts as alive until the result is destroyed. [any thread]
  virtual std::unique_ptr<Heartbeat> heartbeat(std::string name, Duration limit) = 0;
};

}  // namespace penstock
