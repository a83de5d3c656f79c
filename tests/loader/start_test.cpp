#include "loader/library.h"
#include "loader/plugin_set.h"
#include "support/lent_host.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace penstock {
namespace {

/// Starts one of the plugins that must fail, and tells how it did.
std::pair<std::string, bool> failureOf(const std::string& name) {
  const FoundPlugin found = openPlugin(std::string(TEST_PLUGINS) + "/start/" + name + ".so");
  EXPECT_EQ(found.refusal, "");
  if (found.descriptor == nullptr) return {};
  test::LentHost host;
  InterfaceRegistry interfaces;
  PluginSet plugins({found.descriptor}, interfaces, host.log);
  try {
    plugins.start(host.services());
  } catch (const StartFailure& failure) {
    return {failure.what(), failure.configuration};
  }
  return {"started", false};
}

TEST(Start, ThatThrowsNamesThePlugin) {
  EXPECT_EQ(failureOf("throws-in-start"),
            std::pair(std::string("throws-in-start did not start: the port is taken"), false));
}

TEST(Start, ThatFailsForTheConfigurationSaysSo) {
  EXPECT_EQ(failureOf("throws-configuration"),
            std::pair(std::string("throws-configuration did not start: its lease is shorter than its batch"), true));
}

TEST(Start, ThatGivesWhatIsNotListedIsRefusedEvenIfThePluginHidesIt) {
  EXPECT_EQ(
      failureOf("undeclared"),
      std::pair(std::string("undeclared did not start: gave test.secretly/1, which its provides do not list"), false));
}

TEST(Start, ThatDoesNotGiveWhatIsListedIsRefused) {
  EXPECT_EQ(failureOf("keeps-promise-not"),
            std::pair(std::string(
                          "keeps-promise-not did not start: lists test.promised/1 in its provides but did not give it"),
                      false));
}

}  // namespace
}  // namespace penstock
