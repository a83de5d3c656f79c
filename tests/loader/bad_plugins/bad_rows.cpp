#include "descriptor.h"

namespace {

using penstock::ConfigRow;
using penstock::ConfigType;

constexpr std::string_view kGives[] = {"penstock.queue", "test.one/1", "test.one/1"};
constexpr std::string_view kNeeds[] = {"test.one/1"};
constexpr ConfigRow kRows[] = {
    {"Size", ConfigType::Integer, "1", "1..2", "A key in capitals."},
    {"full", ConfigType::Choice, "perhaps", "reject|wait", "A default that cannot be chosen."},
    {"full", ConfigType::Choice, "wait", "reject|wait", "The same again."},
    {"quiet", ConfigType::Text, "", "", ""},
    {"secret", ConfigType::Integer, "1", "", "A secret number.", true},
};
constexpr penstock::Descriptor kDescriptor =
    penstock::test::describe<penstock::test::IdlePlugin>("bad-rows", kGives, kNeeds, kRows);

}  // namespace

PENSTOCK_PLUGIN(kDescriptor)
