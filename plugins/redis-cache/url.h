#pragma once

#include "penstock/config.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::redis_cache {

/// Where a Redis server is and how to enter it.
struct Url {
  bool tls = false;
  std::string host;  ///< a name or an address without brackets; empty for a unix socket
  std::uint16_t port = 6379;
  std::string socket;  ///< path of a unix socket
  std::string user;    ///< empty: the default user
  Secret password;
  std::uint32_t database = 0;

  /// Reads redis://[user:password@]host[:port][/db], rediss:// likewise, or unix://[user:password@]/path[?db=n];
  /// anything but letters, digits and -._~ is written as %-escapes.
  /// [throws: std::invalid_argument with a sentence that holds no value]
  static Url parse(std::string_view text);

  /// For people: where it is, without user and password.
  std::string place() const;
};

}  // namespace penstock::redis_cache
