#include "../seen_values.h"
#include "descriptor.h"

namespace penstock {

inline int limit = SAME_NAMES_VALUE;

struct Settings {
  virtual ~Settings() = default;
  virtual int value() const { return SAME_NAMES_VALUE; }
  static int& shared() {
    static int value = SAME_NAMES_VALUE;
    return value;
  }
};

template <typename Kind>
struct Table {
  static inline int entry = SAME_NAMES_VALUE;
};

namespace {

class Seeing final : public test::IdlePlugin, public test::SeenValues {
public:
  void start(Context& context) override { context.provide<test::SeenValues>(*this); }
  std::vector<int> values() override {
    const std::unique_ptr<Settings> settings = std::make_unique<Settings>();
    return {limit, settings->value(), Settings::shared(), Table<Settings>::entry};
  }
};

constexpr std::string_view kGives[] = {test::SeenValues::kInterface};
constexpr Descriptor kDescriptor = test::describe<Seeing>(PENSTOCK_PLUGIN_NAME, kGives);

}  // namespace
}  // namespace penstock

PENSTOCK_PLUGIN(penstock::kDescriptor)
