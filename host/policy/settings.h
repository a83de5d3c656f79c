#pragma once

#include "penstock/config.h"
#include "penstock/time.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <map>
#include <string>

namespace penstock {

struct RetrySettings {
  std::uint32_t max_attempts = 10;
  Duration max_age = std::chrono::hours(72);
  Duration backoff_min = std::chrono::seconds(1);
  Duration backoff_max = std::chrono::hours(1);
};

/// Names of providers, empty for nobody.
struct RouteSettings {
  std::string sms = "mock";
  std::string mms = "mock";
  std::string email = "mock";
};

/// What a provider's script is told. Durations are seconds, sizes are bytes.
struct ProviderSettings {
  boost::json::object values;
  std::map<std::string, Secret, std::less<>> secrets;
};

/// The configuration that the scripts run under and are told.
struct PolicySettings {
  Duration deadline = std::chrono::milliseconds(5);           ///< processor time of one script call
  Duration inbound_deadline = std::chrono::milliseconds(50);  ///< of a call that reads a genuine webhook
  std::uint64_t memory = 16 << 20;                            ///< bytes the scripts of one thread may hold
  std::int64_t max_attachments = 8;
  std::int64_t max_characters_sms = 0;    ///< 0: no limit
  std::int64_t max_characters_email = 0;  ///< 0: no limit
  RetrySettings retry;
  RouteSettings routes;
  std::map<std::string, ProviderSettings, std::less<>> providers;  ///< those that are configured, by name

  /// All values but the secrets as one text, for the policy's hash.
  std::string text() const;
};

/// Reads the sections `policy`, `retry` and `routes`.
PolicySettings policySettings(const Config& policy, const Config& retry, const Config& routes);

}  // namespace penstock
