#pragma once

#include "penstock/plugin.h"

#include <functional>
#include <string>
#include <string_view>

namespace penstock {

/// What the host lends every plugin; all of it outlives them.
struct HostServices {
  Metrics& metrics;
  Clock& clock;
  Policy& policy;
  HealthBoard& health;
  std::string data_directory;
  std::string migrations_directory;

  /// A plugin's section, or one that plugins share. The reference holds until the plugin has stopped.
  std::function<const Config&(std::string_view name)> section;

  /// See Context::fatal; must not throw. [any thread]
  std::function<void(std::string_view plugin, std::string sentence)> fatal;
};

}  // namespace penstock
