#pragma once

#include "penstock/config.h"
#include "penstock/time.h"
#include "shared/backoff/backoff.h"
#include "shared/postgres/url.h"

#include <cstddef>
#include <string_view>

namespace penstock::postgres {

/// How a session is opened and what the server is told to end by itself.
struct SessionOptions {
  Url url;
  Duration connect_timeout{};
  Duration statement_timeout{};
  Duration lock_timeout{};
  Duration transaction_timeout{};
  std::string_view settings{};  ///< further statements that every new session runs; a constant
};

/// The rows of the shared section as plugins use them.
struct Settings {
  SessionOptions session;
  BackoffOptions reconnect;
  std::size_t connections = 0;
  Duration wait{};
  bool migrate = true;
};

/// [throws: StartFailure of the configuration when the URL cannot be read]
Settings readSettings(const Config& section);

}  // namespace penstock::postgres
