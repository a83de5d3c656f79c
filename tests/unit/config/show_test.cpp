#include "config_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(Show, IsLuaThatSaysTheSameAgain) {
  ConfigFolder folder(R"(return { worker = { name = "a\"b\\c\n\1d", lease = "90s", tags = { "x", "y" },
                          extra = { ["odd-name"] = "1" } } })");
  const Configuration before = folder.load();
  const std::string shown = before.show(kWorker);
  EXPECT_THAT(shown, HasSubstr("    lease = \"90s\",\n"));
  EXPECT_THAT(shown, HasSubstr("    concurrency = 4,\n"));
  EXPECT_THAT(shown, HasSubstr("[\"odd-name\"] = \"1\""));
  EXPECT_THAT(shown, Not(HasSubstr("password")));
  folder.write("penstock.lua", shown);
  EXPECT_THAT(folder.faults(kWorker), IsEmpty());
  EXPECT_THAT(before.changed(folder.load(), kWorker, true), IsEmpty());
  EXPECT_THAT(before.changed(folder.load(), kWorker, false), IsEmpty());
}

TEST(Show, HidesSecretsAndSleepingPlugins) {
  ConfigFolder folder(R"(return { worker = { password = { env = "P" } } })");
  folder.environment["P"] = "hunter2";
  EXPECT_THAT(folder.load().show(kWorker), HasSubstr("password = \"***\""));
  EXPECT_EQ(folder.load().show(std::vector<Section>{{"worker", kWorkerRows, false}}), "return {\n}\n");
}

TEST(Show, HasAJsonFormWithAValueAKey) {
  ConfigFolder folder(R"(return { worker = { name = "a\"b", lease = "90s", tags = { "x", "y" }, buffer = 1048576,
                          password = { env = "P" } } })");
  folder.environment["P"] = "hunter2";
  EXPECT_EQ(folder.load().showJson(kWorker),
            R"({"worker.concurrency":4,"worker.lease":"90s","worker.buffer":"1MB","worker.full":"reject",)"
            R"("worker.enabled":true,"worker.name":"a\"b","worker.tags":["x","y"],"worker.retry.first":"1s",)"
            R"("worker.password":"***"})"
            "\n");
}

TEST(Changed, TellsReloadableRowsFromOthers) {
  ConfigFolder folder(R"(return { worker = { lease = "30s", concurrency = 4, extra = { a = 1 } } })");
  const Configuration before = folder.load();
  folder.write("penstock.lua",
               R"(return { worker = { lease = "31s", concurrency = 5, name = "w", extra = { b = 2 } } })");
  const Configuration after = folder.load();
  EXPECT_THAT(after.changed(before, kWorker, true), ElementsAre("worker.lease"));
  EXPECT_THAT(after.changed(before, kWorker, false),
              ElementsAre("worker.concurrency", "worker.extra.b", "worker.extra.a"));
}

TEST(Changed, TheSameValueWrittenOtherwiseIsNoChange) {
  ConfigFolder folder(R"(return { worker = { lease = "60s", buffer = "1MB" } })");
  const Configuration before = folder.load();
  folder.write("penstock.lua", R"(return { worker = { lease = "1m", buffer = 1048576, concurrency = "4" } })");
  EXPECT_THAT(before.changed(folder.load(), kWorker, true), IsEmpty());
  EXPECT_THAT(before.changed(folder.load(), kWorker, false), IsEmpty());
}

TEST(Reference, TellsEveryKeyItsTypeDefaultBoundsAndText) {
  const std::string text = reference(kWorker);
  EXPECT_THAT(text, HasSubstr("worker.lease\n    duration, 1s..1h; default 30s; changes on reload\n    Lease.\n"));
  EXPECT_THAT(text, HasSubstr("worker.full\n    choice: reject|wait; default reject; changes on restart\n"));
  EXPECT_THAT(text, HasSubstr("worker.password\n    secret; as { file = "));
  EXPECT_THAT(text, HasSubstr("worker.extra.*\n    text"));
}

TEST(Reference, HasAJsonFormWithAnObjectAKey) {
  const std::string json = referenceJson(kWorker);
  EXPECT_THAT(json, HasSubstr(R"({"key":"worker.lease","type":"duration","default":"30s","bounds":"1s..1h",)"
                              R"("secret":false,"reload":true,"help":"Lease."})"));
  EXPECT_THAT(json, HasSubstr(R"("worker.concurrency","type":"integer","default":4,)"));
  EXPECT_THAT(json, HasSubstr(R"("worker.tags","type":"list","default":["a","b"],"bounds":null,)"));
  EXPECT_THAT(json, HasSubstr(R"("worker.password","type":"text","default":null,"bounds":null,"secret":true,)"));
  EXPECT_THAT(json, HasSubstr(R"("worker.extra.*","type":"text","default":null,)"));
}

TEST(WithoutFiles, HoldsOnlyWhatTheCommandLineSays) {
  ConfigFolder folder("this is no Lua");
  folder.overrides = {{"worker.concurrency", "7"}};
  const std::string shown = Configuration::withoutFiles(folder.source()).showJson(kWorker);
  EXPECT_THAT(shown, HasSubstr(R"("worker.concurrency":7)"));
  EXPECT_THAT(shown, HasSubstr(R"("worker.lease":"30s")"));
}

}  // namespace
}  // namespace penstock::test
