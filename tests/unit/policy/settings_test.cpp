#include "policy/settings.h"
#include "policy/config.h"
#include "support/row_config.h"

#include <gtest/gtest.h>

namespace penstock::test {
namespace {

TEST(PolicySettings, RowsSayTheSameDefaultsAsTheCode) {
  const RowConfig policy(kPolicyRows);
  const RowConfig retry(kRetryRows);
  const RowConfig routes(kRouteRows);
  EXPECT_EQ(policySettings(policy, retry, routes).text(), PolicySettings{}.text());
}

TEST(PolicySettings, EveryRowIsReadAndChangesTheHashedText) {
  const std::string defaults = PolicySettings{}.text();
  for (const auto& [key, value] : Overrides{{"deadline", "7ms"},
                                            {"inbound_deadline", "70ms"},
                                            {"memory", "32MB"},
                                            {"max_attachments", "9"},
                                            {"max_characters_sms", "160"},
                                            {"max_characters_email", "5000"}})
    EXPECT_NE(
        policySettings(RowConfig(kPolicyRows, {{key, value}}), RowConfig(kRetryRows), RowConfig(kRouteRows)).text(),
        defaults)
        << key;
  for (const auto& [key, value] :
       Overrides{{"max_attempts", "3"}, {"max_age", "1h"}, {"backoff_min", "2s"}, {"backoff_max", "2h"}})
    EXPECT_NE(
        policySettings(RowConfig(kPolicyRows), RowConfig(kRetryRows, {{key, value}}), RowConfig(kRouteRows)).text(),
        defaults)
        << key;
  for (const auto& [key, value] : Overrides{{"sms", "a"}, {"mms", "a"}, {"email", "a"}})
    EXPECT_NE(
        policySettings(RowConfig(kPolicyRows), RowConfig(kRetryRows), RowConfig(kRouteRows, {{key, value}})).text(),
        defaults)
        << key;
}

TEST(PolicySettings, AllRowsCanBeReloaded) {
  for (const ConfigRow& row : kPolicyRows) EXPECT_TRUE(row.reloadable) << row.key;
  for (const ConfigRow& row : kRetryRows) EXPECT_TRUE(row.reloadable) << row.key;
  for (const ConfigRow& row : kRouteRows) EXPECT_TRUE(row.reloadable) << row.key;
}

}  // namespace
}  // namespace penstock::test
