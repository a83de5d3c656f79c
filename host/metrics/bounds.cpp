#include "metrics/bounds.h"

#include <array>
#include <stdexcept>

namespace penstock {
namespace {

constexpr std::array kRequest{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0};
constexpr std::array kWait{0.001, 0.005, 0.01, 0.025, 0.05, 0.1,   0.25,  0.5,   1.0,
                           2.5,   5.0,   10.0, 30.0,  60.0, 300.0, 900.0, 3600.0};
constexpr std::array kScript{0.000001, 0.0000025, 0.000005, 0.00001, 0.000025, 0.00005, 0.0001,
                             0.00025,  0.0005,    0.001,    0.0025,  0.005,    0.01};

}  // namespace

std::span<const double> upperBounds(Buckets buckets) {
  switch (buckets) {
    case Buckets::Request:
      return kRequest;
    case Buckets::Wait:
      return kWait;
    case Buckets::Script:
      return kScript;
  }
  throw std::logic_error("unknown buckets");
}

}  // namespace penstock
