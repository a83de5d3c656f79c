#pragma once

#include "penstock/config.h"
#include "penstock/time.h"
#include "redis-cache/url.h"
#include "shared/backoff/backoff.h"

#include <cstddef>
#include <string>

namespace penstock::redis_cache {

/// The rows as the plugin uses them.
struct Settings {
  Url url;
  Duration ttl{};
  std::string prefix;
  std::size_t listed = 0;
  std::size_t queue = 0;
  std::size_t batch = 0;
  Duration connect_timeout{};
  Duration timeout{};
  Duration read_timeout{};
  std::string ca_file;
  BackoffOptions reconnect;

  /// [throws: StartFailure of the configuration when the URL cannot be read]
  static Settings read(const Config& section);
};

}  // namespace penstock::redis_cache
