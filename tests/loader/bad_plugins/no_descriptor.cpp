#include "descriptor.h"

extern "C" __attribute__((visibility("default"))) const penstock::Descriptor* penstock_plugin() noexcept;
extern "C" __attribute__((visibility("default"))) const penstock::Descriptor* penstock_plugin() noexcept {
  return nullptr;
}
