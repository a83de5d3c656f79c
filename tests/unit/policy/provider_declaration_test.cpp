#include "policy_bench.h"

#include <gmock/gmock.h>

namespace penstock::test {
namespace {

class Declaration : public testing::Test {
protected:
  /// What the folder's providers/test.lua declares.
  std::shared_ptr<const ProviderDeclaration> declare(const std::string& settings) {
    return declareScript("return {settings = " + settings + "}");
  }
  std::shared_ptr<const ProviderDeclaration> declareScript(const std::string& text) {
    scripts_.writeProvider("test", text);
    auto all = readDeclarations(scripts_.path(), clock_);
    faults_ = all.faults;
    for (const auto& declaration : all.providers)
      if (declaration->name == "test") return declaration;
    return nullptr;
  }

  ScriptFolder scripts_;
  ManualClock clock_;
  std::vector<std::string> faults_;
};

TEST_F(Declaration, BecomesRowsOfTheConfiguration) {
  const auto declared = declare(R"({
    wait = {type = "duration", default = "5s", bounds = "1s..1m", text = "How long."},
    count = {type = "integer", default = 7}, on = {type = "boolean", default = true},
    list = {type = "list", default = {"a", 2}}, kind = {type = "choice", bounds = "a|b", default = "a"},
    token = "secret", url = "text", room = {type = "size", default = "1MB"}, spare = {type = "secret"},
  })");
  ASSERT_TRUE(declared);
  EXPECT_THAT(faults_, testing::IsEmpty());
  std::vector<std::string> rows;
  for (const ConfigRow& row : declared->rows)
    rows.push_back(std::string(row.key) + "|" + std::string(row.fallback) + "|" + std::string(row.bounds) +
                   (row.secret ? "|secret" : "") + (row.reloadable ? "" : "|sealed"));
  EXPECT_THAT(rows,
              testing::ElementsAre("count|7|", "kind|a|a|b", "list|a,2|", "on|true|", "room|1MB|", "spare|||secret",
                                   "token||nonempty|secret", "url||nonempty", "wait|5s|1s..1m"));
  EXPECT_EQ(declared->rows.back().text, "How long.");
  EXPECT_EQ(declared->rows.back().type, ConfigType::Period);

  const ProviderSettings settings =
      providerSettings(*declared, RowConfig(declared->rows, {{"token", "s3cret"}, {"url", "u"}}));
  EXPECT_EQ(boost::json::serialize(settings.values),
            R"({"count":7,"kind":"a","list":["a","2"],"on":true,"room":1048576,"url":"u","wait":5E0})");
  EXPECT_EQ(settings.secrets.at("token").reveal(), "s3cret");
}

TEST_F(Declaration, AScriptWithoutSettingsHasNoRows) {
  const auto declared = declareScript("return {}");
  ASSERT_TRUE(declared);
  EXPECT_THAT(declared->rows, testing::IsEmpty());
  EXPECT_TRUE(declared->readable);
}

TEST_F(Declaration, WhatIsWrongIsSaidWithTheFileAndLetsAnyKeyThrough) {
  const std::pair<const char*, const char*> cases[] = {
      {"return 7", "must return a table, but returned a number"},
      {"return {", "providers/test.lua:1: "},
      {"return {settings = 7}", "settings must be a table"},
      {"return {settings = {'a'}}", "a setting's name is"},
      {"return {settings = {['A b'] = 'text'}}", "a setting's name is"},
      {"return {settings = {['a.b'] = 'text'}}", "a setting's name is"},
      {"return {settings = {a = 7}}", "setting a must be a type or a table"},
      {"return {settings = {a = 'number'}}", "setting a has no type such as"},
      {"return {settings = {a = {}}}", "setting a has no type such as"},
      {"return {settings = {a = {type = 'text', default = 1.5}}}", "setting a has a member that is no text"},
      {"return {settings = {a = {type = 'secret', default = 'x'}}}", "setting a is a secret and can have no default"},
      {"return {settings = {a = {type = 'text', default = 'x', required = true}}}", "setting a is required and has"},
      {"return {settings = {a = {type = 'text', required = 'yes'}}}", "setting a must be required = true or false"},
      {"while true do end", "took too long to load"},
      {"local t = {} while true do t = {t, {}, {}} end", ""},
      {"local t = {} for i = 1, 101 do t['a' .. i] = 'text' end return {settings = t}", "more than 100 settings"},
      {"os.exit()", "reads a global that does not exist"},
  };
  for (const auto& [text, sentence] : cases) {
    const auto declared = declareScript(text);
    ASSERT_TRUE(declared) << text;
    EXPECT_FALSE(declared->readable) << text;
    ASSERT_EQ(faults_.size(), 1U) << text;
    EXPECT_THAT(faults_.front(), testing::StartsWith((scripts_.path() / "providers/test.lua").string())) << text;
    EXPECT_THAT(faults_.front(), testing::HasSubstr(sentence)) << text;
    ASSERT_EQ(declared->rows.size(), 1U);
    EXPECT_EQ(declared->rows.front().key, "*");
  }
}

TEST_F(Declaration, AFileThatNoSectionCanNameIsAFault) {
  scripts_.writeProvider("My Provider", "return {}");
  EXPECT_THAT(readDeclarations(scripts_.path(), clock_).faults,
              testing::ElementsAre(testing::HasSubstr("My Provider.lua: a provider's name is")));
}

TEST_F(Declaration, AFolderWithoutProvidersHasNone) {
  std::filesystem::remove_all(scripts_.path() / "providers");
  const auto all = readDeclarations(scripts_.path(), clock_);
  EXPECT_THAT(all.providers, testing::IsEmpty());
  EXPECT_THAT(all.faults, testing::IsEmpty());
}

}  // namespace
}  // namespace penstock::test
