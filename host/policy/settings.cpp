#include "policy/settings.h"

#include <boost/json/serialize.hpp>

namespace penstock {

std::string PolicySettings::text() const {
  std::string result;
  for (const std::int64_t value :
       {static_cast<std::int64_t>(deadline.count()), static_cast<std::int64_t>(inbound_deadline.count()),
        static_cast<std::int64_t>(memory), max_attachments, max_characters_sms, max_characters_email,
        static_cast<std::int64_t>(retry.max_attempts), static_cast<std::int64_t>(retry.max_age.count()),
        static_cast<std::int64_t>(retry.backoff_min.count()), static_cast<std::int64_t>(retry.backoff_max.count())})
    result.append(std::to_string(value)).push_back(' ');
  const auto add = [&](std::string_view word) {
    result.append(std::to_string(word.size())).append(":").append(word).push_back(' ');
  };
  for (const std::string* route : {&routes.sms, &routes.mms, &routes.email}) add(*route);
  for (const auto& [name, provider] : providers) {
    add(name);
    add(boost::json::serialize(provider.values));
  }
  return result;
}

PolicySettings policySettings(const Config& policy, const Config& retry, const Config& routes) {
  PolicySettings settings;
  settings.deadline = policy.duration("deadline");
  settings.inbound_deadline = policy.duration("inbound_deadline");
  settings.memory = policy.size("memory");
  settings.max_attachments = policy.integer("max_attachments");
  settings.max_characters_sms = policy.integer("max_characters_sms");
  settings.max_characters_email = policy.integer("max_characters_email");
  settings.retry.max_attempts = static_cast<std::uint32_t>(retry.integer("max_attempts"));
  settings.retry.max_age = retry.duration("max_age");
  settings.retry.backoff_min = retry.duration("backoff_min");
  settings.retry.backoff_max = retry.duration("backoff_max");
  settings.routes = {routes.text("sms"), routes.text("mms"), routes.text("email")};
  return settings;
}

}  // namespace penstock
