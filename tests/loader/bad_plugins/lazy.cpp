#include "descriptor.h"

namespace {

constexpr penstock::Descriptor kDescriptor = penstock::test::describe<penstock::test::IdlePlugin>("lazy");

}  // namespace

PENSTOCK_PLUGIN(kDescriptor)
