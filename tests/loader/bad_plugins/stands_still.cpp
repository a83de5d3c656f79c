#include "descriptor.h"

#include <memory>

namespace {

/// Has a loop that never advances.
class Standing final : public penstock::test::IdlePlugin {
public:
  void start(penstock::Context& context) override {
    heartbeat_ = context.health.heartbeat("stands-still", penstock::Duration(1));
  }
  void stop(penstock::SteadyTime) noexcept override { heartbeat_.reset(); }

private:
  std::unique_ptr<penstock::Heartbeat> heartbeat_;
};
constexpr penstock::Descriptor kDescriptor = penstock::test::describe<Standing>("stands-still");

}  // namespace

PENSTOCK_PLUGIN(kDescriptor)
