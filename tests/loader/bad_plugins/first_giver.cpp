#include "descriptor.h"

namespace {

constexpr std::string_view kGives[] = {"penstock.queue/1"};
constexpr penstock::Descriptor kDescriptor =
    penstock::test::describe<penstock::test::IdlePlugin>("first-giver", kGives);

}  // namespace

PENSTOCK_PLUGIN(kDescriptor)
