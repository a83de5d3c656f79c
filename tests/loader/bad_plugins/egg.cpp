#include "descriptor.h"

namespace {

constexpr std::string_view kGives[] = {"test.egg/1"};
constexpr std::string_view kNeeds[] = {"test.chicken/1"};
constexpr penstock::Descriptor kDescriptor =
    penstock::test::describe<penstock::test::IdlePlugin>("egg", kGives, kNeeds);

}  // namespace

PENSTOCK_PLUGIN(kDescriptor)
