#include "descriptor.h"

namespace {

class Throwing final : public penstock::test::IdlePlugin {
public:
  void start(penstock::Context&) override { throw penstock::StartFailure("its lease is shorter than its batch", true); }
};
constexpr penstock::Descriptor kDescriptor = penstock::test::describe<Throwing>("throws-configuration");

}  // namespace

PENSTOCK_PLUGIN(kDescriptor)
