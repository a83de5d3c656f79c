#include "descriptor.h"

namespace penstock {

int definedNowhere(const std::string& text);

namespace {

class Calling final : public test::IdlePlugin {
public:
  void start(Context& context) override { definedNowhere(context.data_directory); }
};
constexpr Descriptor kDescriptor = test::describe<Calling>("undefined-symbol");

}  // namespace
}  // namespace penstock

PENSTOCK_PLUGIN(penstock::kDescriptor)
