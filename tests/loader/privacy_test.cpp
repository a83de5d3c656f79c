#include "loader/interface_registry.h"
#include "loader/library.h"
#include "loader/plugin_set.h"
#include "loader/queue_gauges.h"
#include "seen_values.h"
#include "support/lent_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

using testing::ElementsAre;

const Descriptor& privateOne(const std::string& name) {
  const FoundPlugin found = openPlugin(std::string(TEST_PLUGINS) + "/private/" + name + ".so");
  if (found.descriptor == nullptr) throw std::runtime_error(found.refusal);
  return *found.descriptor;
}

TEST(Plugins, DoNotShareWhatHasTheSameName) {
  test::LentHost host;
  InterfaceRegistry first_interfaces;
  InterfaceRegistry second_interfaces;
  PluginSet first({&privateOne("same-names-one")}, first_interfaces, host.log);
  PluginSet second({&privateOne("same-names-two")}, second_interfaces, host.log);
  first.start(host.services());
  second.start(host.services());
  EXPECT_THAT(first_interfaces.find<test::SeenValues>()->values(), ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(second_interfaces.find<test::SeenValues>()->values(), ElementsAre(2, 2, 2, 2));
}

TEST(Plugins, ThrowWhatTheHostCatchesByItsType) {
  test::LentHost host;
  InterfaceRegistry interfaces;
  PluginSet plugins({&privateOne("away-queue")}, interfaces, host.log);
  plugins.start(host.services());
  Queue& queue = *interfaces.find<Queue>();
  EXPECT_THROW(queue.stats(), QueueUnavailable);
  const QueueGauges gauges(host.metrics, queue, interfaces.giver(Queue::kInterface));
  EXPECT_EQ(host.metrics.value("penstock_queue_up{queue=\"away_queue\"}"), 0);
}

}  // namespace
}  // namespace penstock
