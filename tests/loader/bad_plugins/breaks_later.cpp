#include "descriptor.h"

#include <thread>

namespace {

/// Starts, and then finds that it can do nothing more.
class Breaking final : public penstock::test::IdlePlugin {
public:
  void start(penstock::Context& context) override {
    thread_ = std::jthread([&context] { context.fatal("the licence has run out"); });
  }
  void stop(penstock::SteadyTime) noexcept override { thread_ = {}; }

private:
  std::jthread thread_;
};
constexpr penstock::Descriptor kDescriptor = penstock::test::describe<Breaking>("breaks-later");

}  // namespace

PENSTOCK_PLUGIN(kDescriptor)
