#include "penstock/plugin.h"

#include "memory-queue/config.h"
#include "memory-queue/memory_queue.h"

#include <atomic>
#include <memory>

namespace penstock::memory_queue {
namespace {

class MemoryQueuePlugin final : public Plugin {
public:
  void start(Context& context) override {
    engine_ = std::make_unique<MemoryQueue>(Limits::of(context.config), Instruments(context.metrics), context.log,
                                            context.clock, context.health);
    started_ = engine_.get();
    context.provide<Queue>(*engine_);
    context.provide<DeadLetters>(*engine_);
  }

  void stop(SteadyTime) noexcept override {
    if (engine_) engine_->close();
  }

  Health health() override {
    MemoryQueue* engine = started_;
    return engine == nullptr ? Health{HealthState::Down, "memory-queue has not started"} : engine->health();
  }

private:
  std::unique_ptr<MemoryQueue> engine_;
  std::atomic<MemoryQueue*> started_{nullptr};
};

constexpr std::string_view kProvides[] = {Queue::kInterface, DeadLetters::kInterface};
constexpr Descriptor kDescriptor{
    .fingerprint = PENSTOCK_FINGERPRINT,
    .name = PENSTOCK_PLUGIN_NAME,
    .version = "0.1.0",
    .summary = "A bounded queue in this process; what is in it is lost when the process ends.",
    .provides = kProvides,
    .requires_ = {},
    .rows = kRows,
    .create = []() -> Plugin* { return new MemoryQueuePlugin; },
};

}  // namespace
}  // namespace penstock::memory_queue

PENSTOCK_PLUGIN(penstock::memory_queue::kDescriptor)
