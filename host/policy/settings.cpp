#include "policy/settings.h"

namespace penstock {

std::string PolicySettings::text() const {
  std::string result;
  for (const std::int64_t value :
       {static_cast<std::int64_t>(deadline.count()), static_cast<std::int64_t>(memory), max_attachments,
        max_characters_sms, max_characters_email, static_cast<std::int64_t>(retry.max_attempts),
        static_cast<std::int64_t>(retry.max_age.count()), static_cast<std::int64_t>(retry.backoff_min.count()),
        static_cast<std::int64_t>(retry.backoff_max.count())})
    result.append(std::to_string(value)).push_back(' ');
  return result;
}

PolicySettings policySettings(const Config& policy, const Config& retry) {
  PolicySettings settings;
  settings.deadline = policy.duration("deadline");
  settings.memory = policy.size("memory");
  settings.max_attachments = policy.integer("max_attachments");
  settings.max_characters_sms = policy.integer("max_characters_sms");
  settings.max_characters_email = policy.integer("max_characters_email");
  settings.retry.max_attempts = static_cast<std::uint32_t>(retry.integer("max_attempts"));
  settings.retry.max_age = retry.duration("max_age");
  settings.retry.backoff_min = retry.duration("backoff_min");
  settings.retry.backoff_max = retry.duration("backoff_max");
  return settings;
}

}  // namespace penstock
