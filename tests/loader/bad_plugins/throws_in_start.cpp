#include "descriptor.h"

#include <stdexcept>

namespace {

class Throwing final : public penstock::test::IdlePlugin {
public:
  void start(penstock::Context&) override { throw std::runtime_error("the port is taken"); }
};
constexpr penstock::Descriptor kDescriptor = penstock::test::describe<Throwing>("throws-in-start");

}  // namespace

PENSTOCK_PLUGIN(kDescriptor)
