#include "loader/health_roll_up.h"

#include <algorithm>

namespace penstock {
namespace {

constexpr Duration kRemembered = std::chrono::milliseconds(250);

}  // namespace

struct HealthRollUp::Loop {
  Loop(std::string loop, Duration longest, SteadyTime now) : name(std::move(loop)), limit(longest), last(now) {}
  const std::string name;
  const Duration limit;
  std::atomic<SteadyTime> last;
};

class HealthRollUp::Pulse final : public Heartbeat {
public:
  Pulse(Clock& clock, std::shared_ptr<Loop> loop) : clock_(clock), loop_(std::move(loop)) {}
  void tick() noexcept override { loop_->last.store(clock_.now(), std::memory_order_relaxed); }

private:
  Clock& clock_;
  std::shared_ptr<Loop> loop_;
};

HealthRollUp::HealthRollUp(Clock& clock, std::function<std::vector<PluginHealth>()> plugins)
    : clock_(clock), plugins_(std::move(plugins)) {}

HealthState HealthRollUp::ready(std::vector<PluginHealth>* details) {
  std::lock_guard guard(answer_.mutex);
  const SteadyTime now = clock_.now();
  if (!answer_.known || now - answer_.asked_at >= kRemembered) {
    answer_.plugins = plugins_();
    answer_.worst = HealthState::Ready;
    for (const PluginHealth& plugin : answer_.plugins) answer_.worst = std::max(answer_.worst, plugin.health.state);
    answer_.asked_at = now;
    answer_.known = true;
  }
  const bool draining = draining_;
  if (details != nullptr) {
    *details = answer_.plugins;
    if (draining) details->insert(details->begin(), {"penstock", {HealthState::Down, "the service is draining"}});
  }
  return draining ? HealthState::Down : answer_.worst;
}

std::vector<std::string> HealthRollUp::stalled() {
  std::lock_guard guard(loops_.mutex);
  std::vector<std::string> names;
  for (const auto& registered : loops_.registered) {
    const std::shared_ptr<const Loop> loop = registered.lock();
    if (loop && clock_.now() - loop->last.load(std::memory_order_relaxed) > loop->limit) names.push_back(loop->name);
  }
  return names;
}

std::unique_ptr<Heartbeat> HealthRollUp::heartbeat(std::string name, Duration limit) {
  auto loop = std::make_shared<Loop>(std::move(name), limit, clock_.now());
  std::lock_guard guard(loops_.mutex);
  std::erase_if(loops_.registered, [](const auto& registered) { return registered.expired(); });
  loops_.registered.push_back(loop);
  return std::make_unique<Pulse>(clock_, std::move(loop));
}

}  // namespace penstock
