#include "descriptor.h"

namespace {

struct Secretly {
  static constexpr std::string_view kInterface = "test.secretly/1";
};

/// Gives what it does not list, and hides the refusal.
class Giving final : public penstock::test::IdlePlugin {
public:
  void start(penstock::Context& context) override {
    try {
      context.provide(given_);
    } catch (const std::exception& refused) {
      hidden_ = refused.what();
    }
  }

private:
  Secretly given_;
  std::string hidden_;
};
constexpr penstock::Descriptor kDescriptor = penstock::test::describe<Giving>("undeclared");

}  // namespace

PENSTOCK_PLUGIN(kDescriptor)
