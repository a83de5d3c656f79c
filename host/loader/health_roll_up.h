#pragma once

#include "penstock/clock.h"
#include "penstock/health.h"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace penstock {

/// penstock.health/1 over what `plugins` answers (PluginSet::health). The clock outlives the board.
class HealthRollUp final : public HealthBoard {
public:
  HealthRollUp(Clock& clock, std::function<std::vector<PluginHealth>()> plugins);

  HealthState ready(std::vector<PluginHealth>* details = nullptr) override;
  std::vector<std::string> stalled() override;
  std::unique_ptr<Heartbeat> heartbeat(std::string name, Duration limit) override;

  /// From now on Down, whatever the plugins say; details begin with an entry "penstock" that says why. [any thread]
  void drain() noexcept { draining_ = true; }

private:
  struct Loop;
  class Pulse;
  struct Answer {
    std::mutex mutex;
    bool known = false;
    SteadyTime asked_at{};
    HealthState worst = HealthState::Ready;
    std::vector<PluginHealth> plugins;
  };
  struct Loops {
    std::mutex mutex;
    std::vector<std::weak_ptr<const Loop>> registered;
  };

  Clock& clock_;
  std::function<std::vector<PluginHealth>()> plugins_;
  std::atomic<bool> draining_{false};
  Answer answer_;
  Loops loops_;
};

}  // namespace penstock
