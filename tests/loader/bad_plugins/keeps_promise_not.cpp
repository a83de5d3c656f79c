#include "descriptor.h"

namespace {

constexpr std::string_view kGives[] = {"test.promised/1"};
constexpr penstock::Descriptor kDescriptor =
    penstock::test::describe<penstock::test::IdlePlugin>("keeps-promise-not", kGives);

}  // namespace

PENSTOCK_PLUGIN(kDescriptor)
