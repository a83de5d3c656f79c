#include "loader/order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>
#include <string>
#include <vector>

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Interfaces = std::vector<std::string_view>;

/// Plugins that are only descriptors.
class OrderTest : public testing::Test {
protected:
  OrderTest() { discovery.searched = {"/plugins"}; }

  void found(std::string_view name, Interfaces gives = {}, Interfaces needs = {}, Interfaces uses = {}) {
    gives_.push_back(std::move(gives));
    needs_.push_back(std::move(needs));
    uses_.push_back(std::move(uses));
    Descriptor& descriptor = descriptors_.emplace_back();
    descriptor.name = name;
    descriptor.provides = gives_.back();
    descriptor.requires_ = needs_.back();
    descriptor.uses = uses_.back();
    discovery.plugins.push_back({std::string(name), "/plugins/" + std::string(name) + ".so", &descriptor, {}});
  }

  StartOrder orderOf(const std::vector<std::string>& enabled, const Interfaces& host = {}) {
    return startOrder(enabled, discovery, host);
  }
  std::vector<std::string> namesOf(const std::vector<std::string>& enabled) {
    const StartOrder order = orderOf(enabled);
    EXPECT_THAT(order.faults, IsEmpty());
    std::vector<std::string> names;
    for (const Descriptor* plugin : order.plugins) names.emplace_back(plugin->name);
    return names;
  }

  Discovery discovery;

private:
  std::list<Interfaces> gives_;
  std::list<Interfaces> needs_;
  std::list<Interfaces> uses_;
  std::list<Descriptor> descriptors_;
};

TEST_F(OrderTest, StartsGiversFirstAndElseAsConfigured) {
  found("ingest", {}, {"p.queue/1", "p.store/1"});
  found("store", {"p.store/1"});
  found("queue", {"p.queue/1"});
  found("metrics");
  found("worker", {}, {"p.queue/1", "p.store/1"});
  EXPECT_THAT(namesOf({"ingest", "metrics", "worker", "store", "queue"}),
              ElementsAre("metrics", "store", "queue", "ingest", "worker"));
  EXPECT_THAT(namesOf({"queue", "worker", "store", "ingest", "metrics"}),
              ElementsAre("queue", "store", "worker", "ingest", "metrics"));
}

TEST_F(OrderTest, StartsWhatIsUsedFirstAndDoesWithoutIt) {
  found("ingest", {}, {}, {"p.cache/1"});
  found("cache", {"p.cache/1"});
  EXPECT_THAT(namesOf({"ingest", "cache"}), ElementsAre("cache", "ingest"));
  EXPECT_THAT(namesOf({"ingest"}), ElementsAre("ingest"));
}

TEST_F(OrderTest, FollowsChainsOfRequirements) {
  found("c", {"p.c/1"}, {"p.b/1"});
  found("b", {"p.b/1"}, {"p.a/1"});
  found("a", {"p.a/1"});
  EXPECT_THAT(namesOf({"c", "b", "a"}), ElementsAre("a", "b", "c"));
}

TEST_F(OrderTest, TakesWhatTheHostGivesAsGiven) {
  found("ingest", {}, {"p.http/1"});
  EXPECT_THAT(orderOf({"ingest"}, {"p.http/1"}).faults, IsEmpty());
  EXPECT_THAT(orderOf({"ingest"}).faults,
              ElementsAre("ingest needs p.http/1 but no enabled plugin gives it; no plugin in /plugins does"));
}

TEST_F(OrderTest, NamesEveryPluginThatWouldGiveWhatIsMissing) {
  found("memory-queue", {"penstock.queue/1"});
  found("pg-queue", {"penstock.queue/1"});
  found("sqlite-queue", {"penstock.queue/1"});
  found("worker", {}, {"penstock.queue/1"});
  EXPECT_THAT(orderOf({"worker"}).faults,
              ElementsAre("worker needs penstock.queue/1 but no enabled plugin gives it; add memory-queue, pg-queue or "
                          "sqlite-queue to plugins"));
}

TEST_F(OrderTest, DoesNotSendThePersonAwayFromThePluginThatOnlyFailedToOpen) {
  found("memory-queue", {"penstock.queue/1"});
  found("worker", {}, {"penstock.queue/1"});
  discovery.plugins.push_back({"pg-queue", "/plugins/pg-queue.so", nullptr, "pg-queue.so: is broken"});
  EXPECT_THAT(orderOf({"worker", "pg-queue"}).faults,
              ElementsAre("pg-queue.so: is broken",
                          "worker needs penstock.queue/1 but no enabled plugin gives it; perhaps pg-queue would"));
}

TEST_F(OrderTest, RefusesTwoGiversOfOneInterfaceInOneSentence) {
  found("memory-queue", {"p.queue/1", "p.dead-letters/1"});
  found("pg-queue", {"p.queue/1", "p.dead-letters/1"});
  EXPECT_THAT(orderOf({"memory-queue", "pg-queue"}).faults,
              ElementsAre("memory-queue and pg-queue both give p.queue/1 and p.dead-letters/1; keep one of them in "
                          "plugins"));
}

TEST_F(OrderTest, RefusesToReplaceWhatTheHostGives) {
  found("rogue", {"p.http/1"});
  EXPECT_THAT(orderOf({"rogue"}, {"p.http/1"}).faults,
              ElementsAre("rogue gives p.http/1, which the host gives itself; take it out of plugins"));
}

TEST_F(OrderTest, NamesTheCircleInOrderAndNotWhoOnlyHangsOnIt) {
  found("hanger-on", {}, {"p.a/1"});
  found("a", {"p.a/1"}, {"p.b/1"});
  found("b", {"p.b/1"}, {"p.c/1"});
  found("c", {"p.c/1"}, {"p.a/1"});
  EXPECT_THAT(orderOf({"hanger-on", "a", "b", "c"}).faults,
              ElementsAre("a, b and c need each other in a circle (a needs p.b/1 of b, b needs p.c/1 of c and c needs "
                          "p.a/1 of a); take one of them out of plugins"));
}

TEST_F(OrderTest, NamesEveryCircle) {
  for (const char pair : {'a', 'c'}) {
    static const std::string_view one[] = {"p.a/1", "p.c/1"};
    static const std::string_view two[] = {"p.b/1", "p.d/1"};
    static const std::string_view names[] = {"a", "c", "b", "d"};
    const std::size_t i = pair == 'a' ? 0 : 1;
    found(names[i], {one[i]}, {two[i]});
    found(names[i + 2], {two[i]}, {one[i]});
  }
  EXPECT_EQ(orderOf({"a", "b", "c", "d"}).faults.size(), 2U);
}

TEST_F(OrderTest, RefusesAPluginThatIsListedTwiceWithOneSentence) {
  found("worker");
  EXPECT_THAT(orderOf({"worker", "worker", "worker"}).faults, ElementsAre("plugins: worker is listed twice; keep one"));
}

TEST_F(OrderTest, HintsAtTheNameThatWasMeantAndSaysWhereItLooked) {
  found("memory-queue");
  discovery.searched = {"/a", "/b (No such file or directory)"};
  EXPECT_THAT(orderOf({"memory-que"}).faults,
              ElementsAre("plugins: there is no memory-que.so in /a or /b (No such file or directory); perhaps you "
                          "meant memory-queue"));
  EXPECT_THAT(orderOf({"redis-cache"}).faults,
              ElementsAre("plugins: there is no redis-cache.so in /a or /b (No such file or directory)"));
}

TEST_F(OrderTest, TellsAllFaultsAtOnce) {
  found("memory-queue", {"p.queue/1"});
  found("pg-queue", {"p.queue/1"});
  found("worker", {}, {"p.store/1"});
  found("a", {"p.a/1"}, {"p.b/1"});
  found("b", {"p.b/1"}, {"p.a/1"});
  EXPECT_EQ(orderOf({"memory-queue", "pg-queue", "worker", "worker", "nothing", "a", "b"}).faults.size(), 5U);
}

}  // namespace
}  // namespace penstock
