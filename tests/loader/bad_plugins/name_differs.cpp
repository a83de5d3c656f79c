#include "descriptor.h"

namespace {

constexpr penstock::Descriptor kDescriptor = penstock::test::describe<penstock::test::IdlePlugin>("other-name");

}  // namespace

PENSTOCK_PLUGIN(kDescriptor)
