#include "loader/plugin_set.h"
#include "support/lent_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Cup {
  static constexpr std::string_view kInterface = "test.cup/1";
};

/// Everything that happens to the plugins of one test, in order.
struct Happenings {
  std::vector<std::string> all;
  std::string throws_in_start;
  std::string throws_in_reload;
  std::string throws_in_health;
  std::map<std::string, Health> health;
  std::map<std::string, SteadyTime> deadline;
  Context* context = nullptr;
  bool foreign = false;
};
Happenings* happenings = nullptr;

class Telling : public Plugin {
public:
  explicit Telling(std::string name) : name_(std::move(name)) {}
  ~Telling() override { happened("deleted"); }

  void start(Context& context) override {
    happened("started");
    happenings->context = &context;
    if (happenings->throws_in_start != name_) return;
    if (happenings->foreign) throw 7;
    throw std::runtime_error("no luck");
  }
  void stop(SteadyTime deadline) noexcept override {
    happened("stopped");
    happenings->deadline[name_] = deadline;
  }
  Health health() override {
    if (happenings->throws_in_health == name_) throw std::runtime_error("confused");
    return happenings->health[name_];
  }
  void reload(const Config&) override {
    if (happenings->throws_in_reload == name_) throw std::runtime_error("its limit is too small");
    happened("reloaded");
  }

protected:
  void happened(const std::string& what) { happenings->all.push_back(name_ + " " + what); }

private:
  std::string name_;
};

constexpr ConfigRow kBaseRows[] = {{"wait", ConfigType::Period, "5s", "", "How long."}};
constexpr SharedSection kBase[] = {{"base", kBaseRows}};

/// Migrates with what it shares, and knows no other section.
class Keeper final : public Telling {
public:
  Keeper() : Telling("keeper") {}
  std::string migrate(Context& context) override {
    static_cast<void>(context.shared("base"));
    EXPECT_THROW(static_cast<void>(context.shared("other")), std::logic_error);
    happened("migrated");
    if (happenings->throws_in_start == "keeper") throw StartFailure("the schema is newer", true);
    return "all is kept";
  }
};

class Potter final : public Telling, public Cup {
public:
  Potter() : Telling("potter") {}
  void start(Context& context) override {
    Telling::start(context);
    context.provide<Cup>(*this);
  }
};

class Drinker final : public Telling {
public:
  Drinker() : Telling("drinker") {}
  void start(Context& context) override {
    if (context.find<Cup>() != nullptr) happened("found the cup");
    Telling::start(context);
  }
};

constexpr std::string_view kCup[] = {Cup::kInterface};
constexpr Descriptor kPotter{
    PENSTOCK_FINGERPRINT, "potter", "1", "Makes cups.", kCup, {}, {}, []() -> Plugin* { return new Potter; }};
constexpr Descriptor kDrinker{
    PENSTOCK_FINGERPRINT, "drinker", "1", "Drinks.", {}, kCup, {}, []() -> Plugin* { return new Drinker; }};
constexpr Descriptor kGuest{
    PENSTOCK_FINGERPRINT, "guest", "1", "Watches.", {}, {}, {}, []() -> Plugin* { return new Telling("guest"); }};
constexpr Descriptor kKeeper{PENSTOCK_FINGERPRINT,
                             "keeper",
                             "1",
                             "Keeps things elsewhere.",
                             {},
                             {},
                             {},
                             []() -> Plugin* { return new Keeper; },
                             kBase};
constexpr Descriptor kUnborn{
    PENSTOCK_FINGERPRINT, "unborn", "1", "Is never made.", {}, {}, {}, []() -> Plugin* { return nullptr; }};

class PluginSetTest : public testing::Test {
protected:
  PluginSetTest() { happenings = &seen; }
  ~PluginSetTest() override { plugins.reset(); }

  void make(const std::vector<const Descriptor*>& order) {
    plugins = std::make_unique<PluginSet>(order, interfaces, host.log);
  }
  void start(const std::vector<const Descriptor*>& order) {
    make(order);
    plugins->start(host.services());
    seen.all.clear();
  }
  std::string failure() {
    try {
      plugins->start(host.services());
    } catch (const StartFailure& failed) {
      return failed.what();
    }
    return {};
  }

  Happenings seen;
  test::LentHost host;
  InterfaceRegistry interfaces;
  std::unique_ptr<PluginSet> plugins;
};

TEST_F(PluginSetTest, StartsInOrderAndStopsInTheExactReverse) {
  make({&kPotter, &kDrinker, &kGuest});
  plugins->start(host.services());
  EXPECT_THAT(seen.all, ElementsAre("potter started", "drinker found the cup", "drinker started", "guest started"));
  EXPECT_EQ(interfaces.giver(Cup::kInterface), "potter");
  seen.all.clear();
  const SteadyTime deadline = host.clock.now() + std::chrono::seconds(20);
  plugins->stop(deadline);
  EXPECT_THAT(seen.all, ElementsAre("guest stopped", "drinker stopped", "potter stopped"));
  for (const auto& [name, given] : seen.deadline) EXPECT_EQ(given, deadline) << name;
  EXPECT_EQ(interfaces.find<Cup>(), nullptr);
}

TEST_F(PluginSetTest, MigratesWithoutStartingAnything) {
  make({&kGuest, &kKeeper});
  std::vector<std::string> said;
  plugins->migrate(host.services(), [&](const std::string& plugin, const std::string& sentence) {
    said.push_back(plugin + ": " + sentence);
  });
  EXPECT_THAT(seen.all, ElementsAre("guest deleted", "keeper migrated", "keeper deleted"));
  EXPECT_THAT(said, ElementsAre("keeper: all is kept")) << "who keeps nothing says nothing";
}

TEST_F(PluginSetTest, AMigrationThatIsRefusedNamesThePluginAndStaysAFaultOfTheConfiguration) {
  seen.throws_in_start = "keeper";
  make({&kKeeper});
  try {
    plugins->migrate(host.services(), [](const std::string&, const std::string&) {});
    FAIL();
  } catch (const StartFailure& refused) {
    EXPECT_STREQ(refused.what(), "keeper did not migrate: the schema is newer");
    EXPECT_TRUE(refused.configuration);
  }
}

TEST_F(PluginSetTest, StopsOnceAndDeletesInReverse) {
  start({&kPotter, &kGuest});
  plugins->stop(host.clock.now());
  plugins->stop(host.clock.now());
  plugins.reset();
  EXPECT_THAT(seen.all, ElementsAre("guest stopped", "potter stopped", "guest deleted", "potter deleted"));
}

TEST_F(PluginSetTest, StopsBeforeItIsDestroyedIfNobodyDid) {
  start({&kPotter, &kGuest});
  plugins.reset();
  EXPECT_THAT(seen.all, ElementsAre("guest stopped", "potter stopped", "guest deleted", "potter deleted"));
}

TEST_F(PluginSetTest, AFailedStartStopsItAndThoseBeforeItInReverse) {
  seen.throws_in_start = "drinker";
  make({&kPotter, &kDrinker, &kGuest});
  EXPECT_EQ(failure(), "drinker did not start: no luck");
  EXPECT_THAT(seen.all, ElementsAre("potter started", "drinker found the cup", "drinker started", "drinker stopped",
                                    "potter stopped"));
  EXPECT_EQ(interfaces.find<Cup>(), nullptr);
}

TEST_F(PluginSetTest, AStartThatThrowsAnythingNamesThePlugin) {
  seen.throws_in_start = "guest";
  seen.foreign = true;
  make({&kGuest});
  EXPECT_EQ(failure(), "guest did not start: threw something that is no std::exception");
}

TEST_F(PluginSetTest, APluginThatIsNotCreatedIsRefused) {
  make({&kPotter, &kUnborn});
  EXPECT_EQ(failure(), "unborn did not start: was not created");
  EXPECT_THAT(seen.all, ElementsAre("potter started", "potter stopped"));
}

TEST_F(PluginSetTest, AnInterfaceThatIsGivenAlreadyIsRefused) {
  Cup cup;
  interfaces.give(Cup::kInterface, &cup, "turner");
  make({&kPotter});
  EXPECT_EQ(failure(), "potter did not start: gave test.cup/1, which turner gives already");
  EXPECT_EQ(interfaces.find<Cup>(), &cup);
}

TEST_F(PluginSetTest, NothingCanBeGivenAfterStart) {
  start({&kPotter});
  Cup cup;
  EXPECT_THROW(seen.context->provide(cup), StartFailure);
}

TEST_F(PluginSetTest, LendsWhatTheHostHas) {
  start({&kGuest});
  EXPECT_EQ(&seen.context->clock, &host.clock);
  EXPECT_EQ(seen.context->data_directory, "/data");
  EXPECT_EQ(seen.context->migrations_directory, "/migrations");
  seen.context->fatal("the disk is gone");
  EXPECT_THAT(host.fatal, ElementsAre(testing::Pair("guest", "the disk is gone")));
}

TEST_F(PluginSetTest, TellsEachPluginsHealthAndOfThoseThatDoNotRun) {
  make({&kPotter, &kGuest});
  EXPECT_EQ(plugins->health()[0].health.reason, "it has not started yet");
  plugins->start(host.services());
  seen.health["potter"] = {HealthState::Degraded, "the wheel is slow"};
  seen.throws_in_health = "guest";
  const std::vector<PluginHealth> health = plugins->health();
  ASSERT_EQ(health.size(), 2U);
  EXPECT_EQ(health[0].plugin, "potter");
  EXPECT_EQ(health[0].health.state, HealthState::Degraded);
  EXPECT_EQ(health[0].health.reason, "the wheel is slow");
  EXPECT_EQ(health[1].health.state, HealthState::Down);
  EXPECT_EQ(health[1].health.reason, "it cannot tell its health: confused");
  plugins->stop(host.clock.now());
  EXPECT_EQ(plugins->health()[0].health.state, HealthState::Down);
  EXPECT_EQ(plugins->health()[0].health.reason, "it has stopped");
}

TEST_F(PluginSetTest, HealthMayBeAskedWhilePluginsStartAndStop) {
  make({&kPotter, &kDrinker, &kGuest});
  for (const Descriptor* descriptor : {&kPotter, &kDrinker, &kGuest}) seen.health[std::string(descriptor->name)];
  std::latch asking(1);
  std::jthread asker([&](const std::stop_token& stop) {
    plugins->health();
    asking.count_down();
    while (!stop.stop_requested()) EXPECT_EQ(plugins->health().size(), 3U);
  });
  asking.wait();
  plugins->start(host.services());
  plugins->stop(host.clock.now());
}

TEST_F(PluginSetTest, ReloadReachesEveryPluginAndTellsWhoRefused) {
  start({&kPotter, &kDrinker, &kGuest});
  seen.throws_in_reload = "drinker";
  std::vector<std::string> sections;
  const auto refusals = plugins->reload([&](std::string_view plugin) -> const Config& {
    sections.emplace_back(plugin);
    return host.section;
  });
  EXPECT_THAT(sections, ElementsAre("potter", "drinker", "guest"));
  EXPECT_THAT(seen.all, ElementsAre("potter reloaded", "guest reloaded"));
  EXPECT_THAT(refusals, ElementsAre("drinker keeps its old settings: its limit is too small"));
}

}  // namespace
}  // namespace penstock
