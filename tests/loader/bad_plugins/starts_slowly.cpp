#include "descriptor.h"

#include <sys/stat.h>

#include <fstream>

namespace {

/// Starts when somebody has written to the FIFO `go` in the data folder.
class Slow final : public penstock::Plugin {
public:
  void start(penstock::Context& context) override {
    const std::string go = context.data_directory + "/go";
    if (mkfifo(go.c_str(), 0600) != 0) throw penstock::StartFailure("cannot make " + go);
    std::string word;
    std::ifstream(go) >> word;
  }
  void stop(penstock::SteadyTime) noexcept override {}
};

constexpr penstock::Descriptor kDescriptor = penstock::test::describe<Slow>("starts-slowly");

}  // namespace

PENSTOCK_PLUGIN(kDescriptor)
