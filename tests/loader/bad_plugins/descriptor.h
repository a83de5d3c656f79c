#pragma once

#include "penstock/plugin.h"

namespace penstock::test {

/// Starts and does nothing.
class IdlePlugin : public Plugin {
public:
  void start(Context&) override {}
  void stop(SteadyTime) noexcept override {}
};

/// A descriptor that is right; a bad plugin changes what it needs to.
template <typename Kind>
constexpr Descriptor describe(std::string_view name, std::span<const std::string_view> gives = {},
                              std::span<const std::string_view> needs = {}, std::span<const ConfigRow> rows = {}) {
  return {PENSTOCK_FINGERPRINT,
          name,
          "1.0",
          "A plugin for a test.",
          gives,
          needs,
          rows,
          []() -> Plugin* { return new Kind; }};
}

}  // namespace penstock::test
