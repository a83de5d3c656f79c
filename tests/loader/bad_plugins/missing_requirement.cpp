#include "descriptor.h"

namespace {

constexpr std::string_view kGives[] = {"test.anything/1"};
constexpr std::string_view kNeeds[] = {"penstock.queue/1"};
constexpr penstock::Descriptor kDescriptor =
    penstock::test::describe<penstock::test::IdlePlugin>("missing-requirement", kGives, kNeeds);

}  // namespace

PENSTOCK_PLUGIN(kDescriptor)
