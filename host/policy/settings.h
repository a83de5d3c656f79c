#pragma once

#include "penstock/config.h"
#include "penstock/time.h"

#include <cstdint>
#include <string>

namespace penstock {

struct RetrySettings {
  std::uint32_t max_attempts = 10;
  Duration max_age = std::chrono::hours(72);
  Duration backoff_min = std::chrono::seconds(1);
  Duration backoff_max = std::chrono::hours(1);
};

/// The configuration that the scripts run under and are told.
struct PolicySettings {
  Duration deadline = std::chrono::milliseconds(5);  ///< processor time of one script call
  std::uint64_t memory = 16 << 20;                   ///< bytes the scripts of one thread may hold
  std::int64_t max_attachments = 8;
  std::int64_t max_characters_sms = 0;    ///< 0: no limit
  std::int64_t max_characters_email = 0;  ///< 0: no limit
  RetrySettings retry;

  /// All values as one text, for the policy's hash.
  std::string text() const;
};

/// Reads the sections `policy` and `retry`.
PolicySettings policySettings(const Config& policy, const Config& retry);

}  // namespace penstock
