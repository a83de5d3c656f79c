#include "descriptor.h"

#include <cstdlib>

namespace {

/// As an older SDK might have had it: whoever reads beyond the fingerprint falls.
struct OlderDescriptor {
  const char* fingerprint;
  const void* nonsense;
};
constexpr OlderDescriptor kDescriptor{"3f9c0123456789abcdef0123456789ab", nullptr};

}  // namespace

extern "C" __attribute__((visibility("default"))) const OlderDescriptor* penstock_plugin() noexcept;
extern "C" __attribute__((visibility("default"))) const OlderDescriptor* penstock_plugin() noexcept {
  return &kDescriptor;
}
