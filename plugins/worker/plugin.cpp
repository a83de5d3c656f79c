#include "penstock/plugin.h"

#include "shared/mock/mock_control.h"
#include "worker/config.h"
#include "worker/settings.h"
#include "worker/worker.h"

#include <memory>
#include <optional>

namespace penstock {
namespace {

class WorkerPlugin final : public Plugin {
public:
  void start(Context& context) override {
    auto& control = context.require<Control>();
    mock_.emplace(control, context.require<ProviderSettingsBoard>(), context.log);
    worker_ = std::make_unique<Worker>(context.require<Queue>(), context.require<Store>(), control, context.policy,
                                       context.require<Providers>(), context.require<Transport>(), context.clock,
                                       context.log, context.metrics, WorkerSettings::read(context.config),
                                       context.find<Cache>(), [this] { mock_->ensure(); });
    worker_->start(context.health);
  }

  void stop(SteadyTime deadline) noexcept override {
    if (worker_) worker_->stop(deadline);
    if (mock_) mock_->stop();
  }

  Health health() override { return worker_ ? worker_->health() : Health{}; }

private:
  std::optional<MockControl> mock_;
  std::unique_ptr<Worker> worker_;
};

constexpr std::string_view kRequires[] = {Queue::kInterface, Store::kInterface, Control::kInterface,
                                          Transport::kInterface};
constexpr std::string_view kUses[] = {Cache::kInterface};

constexpr Descriptor kDescriptor{
    PENSTOCK_FINGERPRINT,
    PENSTOCK_PLUGIN_NAME,
    "0.1.0",
    "Receives events from the queue, persists them into conversations and sends what is to be sent.",
    {},
    kRequires,
    kWorkerRows,
    []() -> Plugin* { return new WorkerPlugin; },
    {},
    kUses,
    &WorkerSettings::faults};

}  // namespace
}  // namespace penstock

PENSTOCK_PLUGIN(penstock::kDescriptor)
