#include "config/host_rows.h"
#include "config_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string name(ConfigFolder& folder) { return folder.load().section(kWorker[0])->text("name"); }

TEST(Layering, LaterWins) {
  ConfigFolder folder(R"(return { worker = { name = "file" } })");
  EXPECT_EQ(name(folder), "file");
  folder.write("conf.d/20-b.lua", R"(return { worker = { name = "drop-in 20" } })");
  folder.write("conf.d/10-a.lua", R"(return { worker = { name = "drop-in 10" } })");
  EXPECT_EQ(name(folder), "drop-in 20");
  folder.overrides = {{"worker.name", "first"}, {"worker.name", "override"}};
  EXPECT_EQ(name(folder), "override");
}

TEST(Layering, TablesAreMergedAndListsReplaced) {
  ConfigFolder folder(R"(return { worker = { name = "file", tags = { "a", "b", "c" } } })");
  folder.write("conf.d/10.lua", R"(return { worker = { tags = { "z" }, concurrency = 9 } })");
  const auto section = folder.load().section(kWorker[0]);
  EXPECT_EQ(section->text("name"), "file");
  EXPECT_EQ(section->integer("concurrency"), 9);
  EXPECT_THAT(section->list("tags"), ElementsAre("z"));
}

TEST(Layering, OnlyVisibleLuaFilesAreDropIns) {
  ConfigFolder folder;
  folder.write("conf.d/.hidden.lua", "error('read')");
  folder.write("conf.d/50.lua~", "error('read')");
  folder.write("conf.d/README", "error('read')");
  EXPECT_THAT(folder.faults(kWorker), IsEmpty());
}

TEST(Layering, ADropInOfAPluginThatIsNotThereIsPassedOver) {
  ConfigFolder folder(R"(return { worker = { name = "file" } })");
  folder.write("conf.d/10.lua",
               R"(return { when_installed = "away", gone = { key = 1 }, worker = { name = "drop-in" } })");
  folder.write("conf.d/20.lua", R"(return { when_installed = "here", worker = { concurrency = 9 } })");
  folder.write("plugins/here.so", "");
  ConfigSource source = folder.source();
  source.plugins = folder.path("plugins");
  const Configuration configuration = Configuration::load(source);
  configuration.check(kWorker);
  EXPECT_EQ(configuration.section(kWorker[0])->text("name"), "file");
  EXPECT_EQ(configuration.section(kWorker[0])->integer("concurrency"), 9);
  EXPECT_THAT(configuration.passedOver(),
              ElementsAre("conf.d/10.lua is passed over: the plugin away is not installed"));
  folder.write("elsewhere/away.so", "");
  source.overrides = {{"plugin_dir", folder.path("elsewhere")}};
  EXPECT_THAT(Configuration::load(source).passedOver(),
              ElementsAre("conf.d/20.lua is passed over: the plugin here is not installed"));
  source.installed = [](std::string_view plugin) { return plugin == "here"; };
  EXPECT_THAT(Configuration::load(source).passedOver(),
              ElementsAre("conf.d/10.lua is passed over: the plugin away was not installed when the service started"));
}

TEST(Layering, OnlyADropInBelongsToAPluginAndItsNameIsText) {
  ConfigFolder folder(R"(return { when_installed = "away", worker = { name = "file" } })");
  const Section sections[] = {kWorker[0], hostSections()[0]};
  EXPECT_THAT(folder.faults(sections), ElementsAre(HasSubstr("penstock.lua: when_installed: unknown key")));
  folder.write("penstock.lua", "return {}");
  folder.write("conf.d/10.lua", "return { when_installed = 3 }");
  EXPECT_THAT(folder.faults(sections), ElementsAre("conf.d/10.lua: when_installed = 3: expected the name of a plugin, "
                                                   "such as \"pg-queue\""));
}

TEST(Layering, FaultsNameTheLayerThatTheValueCameFrom) {
  ConfigFolder folder(R"(return { worker = { lease = "x" } })");
  folder.write("conf.d/10.lua", R"(return { worker = { concurrency = 0, leese = 1 } })");
  folder.overrides = {{"worker.full", "no"}, {"worker.nane", "n"}};
  EXPECT_THAT(folder.faults(kWorker),
              ElementsAre("conf.d/10.lua: worker.leese: unknown key; did you mean worker.lease?",
                          "-D: worker.nane: unknown key; did you mean worker.name?",
                          "conf.d/10.lua: worker.concurrency = 0: expected a whole number from 1 to 256 (default 4)",
                          "penstock.lua: worker.lease = \"x\": expected a duration such as 30s (default 30s)",
                          "-D: worker.full = \"no\": expected reject or wait (default reject)"));
}

TEST(Overrides, AreReadByTheRowsType) {
  ConfigFolder folder;
  folder.overrides = {{"worker.concurrency", "7"},
                      {"worker.tags", "x, y,,z"},
                      {"worker.enabled", "false"},
                      {"worker.buffer", "2MB"},
                      {"worker.extra.a", "1"}};
  ASSERT_THAT(folder.faults(kWorker), IsEmpty());
  const auto section = folder.load().section(kWorker[0]);
  EXPECT_EQ(section->integer("concurrency"), 7);
  EXPECT_THAT(section->list("tags"), ElementsAre("x", "y", "z"));
  EXPECT_FALSE(section->boolean("enabled"));
  EXPECT_EQ(section->size("buffer"), 2U << 20U);
  EXPECT_EQ(section->text("extra.a"), "1");
  folder.overrides = {{"plugins", "worker,metrics"}};
  EXPECT_THAT(folder.load().plugins(), ElementsAre("worker", "metrics"));
}

TEST(Environment, IsReadInTheFileAndEmptyCountsAsUnset) {
  ConfigFolder folder(R"(return { worker = { name = env.NAME or "unset", concurrency = env("COUNT") or 3 } })");
  EXPECT_EQ(name(folder), "unset");
  folder.environment = {{"NAME", ""}, {"COUNT", "12"}};
  EXPECT_EQ(name(folder), "unset");
  folder.environment["NAME"] = "given";
  EXPECT_EQ(name(folder), "given");
  EXPECT_EQ(folder.load().section(kWorker[0])->integer("concurrency"), 12);
}

TEST(Environment, AFaultNamesTheVariable) {
  ConfigFolder folder(R"(return { worker = { concurrency = env.WORKER_CONCURRENCY or 3, name = env.NAME } })");
  folder.environment = {{"WORKER_CONCURRENCY", "many"}, {"NAME", "n"}};
  EXPECT_THAT(folder.faults(kWorker),
              ElementsAre("penstock.lua: worker.concurrency = \"many\": expected a whole number from 1 to 256 (default "
                          "4); it comes from the environment variable WORKER_CONCURRENCY"));
}

TEST(Include, TakesANeighbourAsItIs) {
  ConfigFolder folder(R"(local base = include "base.lua" base.worker.concurrency = 6 return base)");
  folder.write("base.lua", R"(return { worker = { name = "base", concurrency = 5 } })");
  EXPECT_EQ(name(folder), "base");
  EXPECT_EQ(folder.load().section(kWorker[0])->integer("concurrency"), 6);
}

TEST(Include, StaysInTheFolder) {
  for (const std::string target : {"../x.lua", "/etc/passwd", "sub/x.lua", ".hidden.lua", ""}) {
    ConfigFolder folder("return include \"" + target + "\"");
    EXPECT_THAT(folder.faults(kWorker), ElementsAre(HasSubstr("penstock.lua:1: include takes the name of a file")));
  }
  ConfigFolder endless(R"(return include "penstock.lua")");
  EXPECT_THAT(endless.faults(kWorker), ElementsAre(HasSubstr("files include each other without an end")));
}

TEST(Files, SyntaxAndRunTimeErrorsNameFileAndLine) {
  ConfigFolder folder("return {\n  a = = 1\n}");
  folder.write("conf.d/10.lua", "\n\nerror('no good')");
  EXPECT_THAT(folder.faults(kWorker),
              ElementsAre(HasSubstr("penstock.lua:2: unexpected symbol near '='"), "conf.d/10.lua:3: no good"));
}

TEST(Files, AMistypedNameIsAFault) {
  ConfigFolder folder("return { worker = { enabled = ture } }");
  EXPECT_THAT(folder.faults(kWorker), ElementsAre("penstock.lua:1: unknown name 'ture'"));
}

TEST(Files, MustReturnOneTable) {
  for (const auto& [lua, word] : std::map<std::string, std::string>{
           {"", "nothing"}, {"return 5", "number"}, {"return nil", "nothing"}, {"return 'x'", "string"}}) {
    ConfigFolder folder(lua);
    EXPECT_THAT(folder.faults(kWorker),
                ElementsAre("penstock.lua: must return one table of keys, but returns " + word));
  }
}

TEST(Files, AMissingFileIsAFault) {
  ConfigFolder folder;
  std::filesystem::remove(folder.path("penstock.lua"));
  EXPECT_THAT(folder.faults(kWorker), ElementsAre(testing::MatchesRegex("cannot read .*penstock.lua: No such file.*")));
  std::filesystem::create_directory(folder.path("penstock.lua"));
  EXPECT_THAT(folder.faults(kWorker), ElementsAre(HasSubstr("it is not a file")));
}

TEST(Poco, SeesEveryKeyAndTheDefaults) {
  ConfigFolder folder(
      R"(return { worker = { lease = "5s", tags = { "x", "y" }, enabled = false, password = { env = "P" } },
    logging = { loggers = { worker = { level = "debug" } }, channels = { file = { class = "FileChannel" } } } })");
  folder.environment = {{"P", "hidden"}};
  auto poco = folder.load().poco(kWorker);
  EXPECT_EQ(poco->getString("worker.lease"), "5s");
  EXPECT_EQ(poco->getString("worker.tags"), "x,y");
  EXPECT_FALSE(poco->getBool("worker.enabled"));
  EXPECT_EQ(poco->getInt("worker.concurrency"), 4);
  EXPECT_EQ(poco->getString("worker.password"), "***");
  EXPECT_FALSE(poco->hasProperty("worker.password.env"));
  EXPECT_EQ(poco->getString("logging.level"), "information");
  EXPECT_EQ(poco->getString("logging.loggers.worker.level"), "debug");
  EXPECT_EQ(poco->getString("shutdown.drain_timeout"), "25s");
  Poco::Util::AbstractConfiguration::Keys keys;
  poco->keys("logging", keys);
  EXPECT_THAT(keys, testing::UnorderedElementsAre("level", "format", "destination", "buffer", "loggers", "channels"));
  poco->setString("a.b", "1");
  poco->remove("a");
  EXPECT_FALSE(poco->has("a.b"));
}

}  // namespace
}  // namespace penstock::test
