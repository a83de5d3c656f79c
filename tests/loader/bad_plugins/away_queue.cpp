#include "descriptor.h"
#include "penstock/queue.h"

namespace penstock {
namespace {

class AwayQueue final : public test::IdlePlugin, public Queue {
public:
  void start(Context& context) override { context.provide<Queue>(*this); }
  void publish(Event, PublishHandler handler) override { handler({}); }
  std::vector<Delivery> receive(std::size_t, Duration, Duration, std::stop_token) override { return {}; }
  std::vector<SettleVerdict> settle(std::span<const Settlement>) override { return {}; }
  QueueStats stats() override { throw QueueUnavailable("the engine is away"); }
};

constexpr std::string_view kGives[] = {Queue::kInterface};
constexpr Descriptor kDescriptor = test::describe<AwayQueue>("away-queue", kGives);

}  // namespace
}  // namespace penstock

PENSTOCK_PLUGIN(penstock::kDescriptor)
