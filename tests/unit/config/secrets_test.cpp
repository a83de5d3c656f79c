#include "config_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kValue = "hunter2";

std::string password(ConfigFolder& folder) { return folder.load().section(kWorker[0])->secret("password").reveal(); }

void expectNowhere(ConfigFolder& folder) {
  EXPECT_THAT(folder.faults(kWorker), Each(Not(HasSubstr(kValue))));
  EXPECT_THAT(folder.load().show(kWorker), Not(HasSubstr(kValue)));
  const auto poco = folder.load().poco(kWorker);
  EXPECT_NE(poco->getString("worker.password", ""), kValue);
}

TEST(Secrets, ComeFromAFileWithoutItsLastNewline) {
  ConfigFolder folder(R"(return { worker = { password = { file = "password" } } })");
  folder.write("password", "hunter2\n\n");
  EXPECT_EQ(password(folder), "hunter2\n");
  folder.write("password", "hunter2\r\n");
  EXPECT_EQ(password(folder), kValue);
  folder.write("password", "hunter2");
  EXPECT_EQ(password(folder), kValue);
  EXPECT_THAT(folder.faults(kWorker), IsEmpty());
  expectNowhere(folder);
}

TEST(Secrets, ComeFromTheEnvironment) {
  ConfigFolder folder(R"(return { worker = { password = { env = "PASSWORD" } } })");
  folder.environment["PASSWORD"] = kValue;
  EXPECT_EQ(password(folder), kValue);
  expectNowhere(folder);
}

TEST(Secrets, ComeFromCredentials) {
  ConfigFolder folder(R"(return { worker = { password = { credential = "smtp" } } })");
  folder.write("credentials/smtp", kValue);
  auto source = folder.source();
  source.credentials = folder.path("credentials");
  EXPECT_EQ(Configuration::load(source).section(kWorker[0])->secret("password").reveal(), kValue);
  EXPECT_THAT(folder.faults(kWorker),
              ElementsAre("penstock.lua: worker.password = { credential = \"smtp\" }: there is no "
                          "$CREDENTIALS_DIRECTORY; systemd sets it for LoadCredential=smtp"));
}

TEST(Secrets, ThatAreNotThereAreFaults) {
  ConfigFolder folder(R"(return { worker = { password = { file = "absent" } } })");
  EXPECT_THAT(folder.faults(kWorker), ElementsAre("penstock.lua: worker.password = { file = \"absent\" }: cannot be "
                                                  "read: No such file or directory"));
  folder.write("absent", "\n");
  EXPECT_THAT(folder.faults(kWorker), ElementsAre("penstock.lua: worker.password = { file = \"absent\" }: is empty"));
  folder.write("penstock.lua", R"(return { worker = { password = { env = "ABSENT" } } })");
  folder.environment["ABSENT"] = "";
  EXPECT_THAT(folder.faults(kWorker),
              ElementsAre("penstock.lua: worker.password = { env = \"ABSENT\" }: the environment "
                          "variable ABSENT is not set"));
  EXPECT_THAT(folder.faults(std::vector<Section>{{"worker", kWorkerRows, false}}), IsEmpty())
      << "a plugin that is not enabled needs no secrets";
}

TEST(Secrets, CredentialsStayInTheirFolder) {
  ConfigFolder folder(R"(return { worker = { password = { credential = "../penstock.lua" } } })");
  auto source = folder.source();
  source.credentials = folder.path("credentials");
  EXPECT_THROW(Configuration::load(source).check(kWorker), ConfigurationFaults);
}

TEST(Secrets, WrittenLiterallyAreFaultsThatNameTheCureAndNotTheValue) {
  for (const std::string lua : {R"("hunter2")", R"(12345)", R"({ "hunter2" })", R"({ file = "a", env = "hunter2" })",
                                R"({ file = { "hunter2" } })", R"({ file = 5 })"}) {
    ConfigFolder folder("return { worker = { password = " + lua + " } }");
    EXPECT_THAT(folder.faults(kWorker),
                ElementsAre("penstock.lua: worker.password = ***: expected { file = \"…\" }, { env = \"…\" } or { "
                            "credential = \"…\" }; a secret is never written in the configuration"))
        << lua;
    expectNowhere(folder);
  }
  ConfigFolder folder;
  folder.overrides = {{"worker.password", kValue}};
  EXPECT_THAT(folder.faults(kWorker), ElementsAre(HasSubstr("-D: worker.password = ***: expected { file")));
  expectNowhere(folder);
}

TEST(Secrets, OfUnknownKeysAreNotShownEither) {
  ConfigFolder folder(R"(return { worker = { pasword = "hunter2" } })");
  EXPECT_THAT(folder.faults(kWorker),
              ElementsAre("penstock.lua: worker.pasword: unknown key; did you mean worker.password?"));
}

TEST(Secrets, OfALaterLayerReplaceTheEarlierWay) {
  ConfigFolder folder(R"(return { worker = { password = { file = "absent" } } })");
  folder.write("conf.d/10.lua", R"(return { worker = { password = { env = "PASSWORD" } } })");
  folder.environment["PASSWORD"] = kValue;
  EXPECT_EQ(password(folder), kValue);
  EXPECT_THAT(folder.faults(kWorker), IsEmpty());
}

TEST(Secrets, KeepTheirValueAsLongAsTheConfigurationLives) {
  ConfigFolder folder(R"(return { worker = { password = { file = "password" } } })");
  folder.write("password", "old");
  const Configuration before = folder.load();
  before.check(kWorker);
  folder.write("password", "new");
  EXPECT_EQ(before.section(kWorker[0])->secret("password").reveal(), "old");
  EXPECT_THAT(before.changed(folder.load(), kWorker, false), ElementsAre("worker.password"));
}

}  // namespace
}  // namespace penstock::test
