#include "engine.h"

#include <memory>

namespace example {
namespace {

class Plugin final : public penstock::Plugin {
public:
  void start(penstock::Context& context) override {
    engine_ = std::make_unique<Engine>(context);
    context.provide<penstock::Queue>(*engine_);
    context.provide<penstock::DeadLetters>(*engine_);
  }
  void stop(penstock::SteadyTime) noexcept override {
    if (engine_) engine_->close();
  }

private:
  std::unique_ptr<Engine> engine_;
};

constexpr std::string_view kProvides[] = {penstock::Queue::kInterface, penstock::DeadLetters::kInterface};
constexpr penstock::Descriptor kDescriptor{.fingerprint = PENSTOCK_FINGERPRINT,
                                           .name = PENSTOCK_PLUGIN_NAME,
                                           .version = "1.0.0",
                                           .summary = "A small queue in this process, to learn from.",
                                           .provides = kProvides,
                                           .requires_ = {},
                                           .rows = kRows,
                                           .create = []() -> penstock::Plugin* { return new Plugin; }};

}  // namespace
}  // namespace example

PENSTOCK_PLUGIN(example::kDescriptor)
