#include "config/host_rows.h"
#include "config/nearest.h"
#include "config/quantity.h"
#include "config_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

struct Sentence {
  std::string lua;
  std::string fault;
};

class FaultSentence : public testing::TestWithParam<Sentence> {};

TEST_P(FaultSentence, SaysWhereWhatAndWhatWasExpected) {
  ConfigFolder folder("return { worker = { " + GetParam().lua + " } }");
  EXPECT_THAT(folder.faults(kWorker), ElementsAre("penstock.lua: worker." + GetParam().fault));
}

INSTANTIATE_TEST_SUITE_P(
    Values, FaultSentence,
    testing::Values(
        Sentence{R"(lease = "30x")", R"(lease = "30x": expected a duration such as 30s (default 30s))"},
        Sentence{R"(lease = 30)", R"(lease = 30: expected a duration such as 30s (default 30s))"},
        Sentence{R"(lease = "")", R"(lease = "": expected a duration such as 30s (default 30s))"},
        Sentence{R"(lease = "1.5s")", R"(lease = "1.5s": expected a duration such as 30s (default 30s))"},
        Sentence{R"(lease = "-1s")", R"(lease = "-1s": expected a duration such as 30s (default 30s))"},
        Sentence{R"(lease = "999999999999999999999d")",
                 R"(lease = "999999999999999999999d": expected a duration such as 30s (default 30s))"},
        Sentence{R"(lease = "106751992d")", R"(lease = "106751992d": expected a duration such as 30s (default 30s))"},
        Sentence{R"(lease = "2h")", R"(lease = "2h": expected a duration from 1s to 1h (default 30s))"},
        Sentence{R"(lease = { "30s" })", R"(lease = { "30s" }: expected a duration such as 30s (default 30s))"},
        Sentence{R"(lease = true)", R"(lease = true: expected a duration such as 30s (default 30s))"},
        Sentence{R"(concurrency = 0)", R"(concurrency = 0: expected a whole number from 1 to 256 (default 4))"},
        Sentence{R"(concurrency = 257)", R"(concurrency = 257: expected a whole number from 1 to 256 (default 4))"},
        Sentence{R"(concurrency = 1.5)", R"(concurrency = 1.5: expected a whole number from 1 to 256 (default 4))"},
        Sentence{R"(concurrency = "4 ")", R"(concurrency = "4 ": expected a whole number from 1 to 256 (default 4))"},
        Sentence{R"(concurrency = "1e2")", R"(concurrency = "1e2": expected a whole number from 1 to 256 (default 4))"},
        Sentence{R"(buffer = "64kb")", R"(buffer = "64kb": expected a size such as 64MB (default 64MB))"},
        Sentence{R"(buffer = -1)", R"(buffer = -1: expected a size such as 64MB (default 64MB))"},
        Sentence{R"(buffer = 5)", R"(buffer = 5: expected a size from 1MB to 1GB (default 64MB))"},
        Sentence{R"(full = "drop")", R"(full = "drop": expected reject or wait (default reject))"},
        Sentence{R"(full = "")", R"(full = "": expected reject or wait (default reject))"},
        Sentence{R"(enabled = "yes")", R"(enabled = "yes": expected true or false (default true))"},
        Sentence{R"(enabled = 1)", R"(enabled = 1: expected true or false (default true))"},
        Sentence{R"(name = "")", R"(name = "": expected text that is not empty (default w))"},
        Sentence{R"(name = 5)", R"(name = 5: expected text that is not empty (default w))"},
        Sentence{R"(tags = 5)", R"(tags = 5: expected a list such as { "a", "b" } (default a,b))"},
        Sentence{"name = \"a\\0b\"", "name holds a zero byte"},
        Sentence{"lease = \"3\\n\\27[0m\"", "lease = \"3\\n\\x1b[0m\": expected a duration such as 30s (default 30s)"},
        Sentence{R"(leese = "30s")", R"(leese: unknown key; did you mean worker.lease?)"},
        Sentence{R"(maxSpeed = 1)", R"(maxSpeed: unknown key)"},
        Sentence{R"(Retry = { first = "1s" })", R"(Retry.first: unknown key; did you mean worker.retry.first?)"},
        Sentence{R"(lease = { is = { deep = 1 } })", R"(lease.is.deep: unknown key; did you mean worker.lease?)"},
        Sentence{R"(retry = 5)", R"(retry: expected a table of keys, such as worker.retry.first)"}));

TEST(Values, AreReadByTheirRows) {
  ConfigFolder folder(R"(return { worker = { concurrency = 8.0, lease = "250ms", buffer = 1048576, full = "wait",
    enabled = false, name = "n", tags = { "x", 7 }, retry = { first = "3d" }, extra = { a = { b = 5 }, c = true } } })");
  static constexpr ConfigRow kFree[] = {{"lease", ConfigType::Period, "30s", "", "Lease."}};
  const auto section = folder.load().section(Section{"worker", std::span(kWorkerRows).subspan(0, 1)});
  EXPECT_EQ(section->integer("concurrency"), 8);
  EXPECT_EQ(folder.load().section(Section{"worker", kFree})->duration("lease"), 250ms);
  const auto rest = folder.load().section(Section{"worker", std::span(kWorkerRows).subspan(2)});
  EXPECT_EQ(rest->size("buffer"), 1048576U);
  EXPECT_EQ(rest->text("full"), "wait");
  EXPECT_FALSE(rest->boolean("enabled"));
  EXPECT_EQ(rest->text("name"), "n");
  EXPECT_THAT(rest->list("tags"), ElementsAre("x", "7"));
  EXPECT_EQ(rest->duration("retry.first"), 72h);
  EXPECT_EQ(rest->text("extra.a.b"), "5");
  EXPECT_EQ(rest->text("extra.c"), "true");
  EXPECT_EQ(rest->text("extra.absent"), "");
}

TEST(Values, AreDefaultsWhenNothingIsGiven) {
  ConfigFolder folder;
  EXPECT_THAT(folder.faults(kWorker), IsEmpty());
  const auto section = folder.load().section(kWorker[0]);
  EXPECT_EQ(section->integer("concurrency"), 4);
  EXPECT_EQ(section->duration("lease"), 30s);
  EXPECT_EQ(section->size("buffer"), 64U << 20U);
  EXPECT_EQ(section->text("full"), "reject");
  EXPECT_TRUE(section->boolean("enabled"));
  EXPECT_THAT(section->list("tags"), ElementsAre("a", "b"));
  EXPECT_TRUE(section->secret("password").empty());
}

TEST(Values, ReadingWhatNoRowDeclaresIsAnErrorOfTheProgram) {
  ConfigFolder folder;
  const auto section = folder.load().section(kWorker[0]);
  EXPECT_THROW(section->text("absent"), std::logic_error);
  EXPECT_THROW(section->integer("lease"), std::logic_error);
  EXPECT_THROW(section->text("password"), std::logic_error);
}

TEST(Values, ARowThatContradictsItselfIsAnErrorOfTheProgram) {
  static constexpr ConfigRow kRows[] = {{"lease", ConfigType::Period, "30x", "", "Lease."}};
  ConfigFolder folder;
  EXPECT_THROW(folder.load().check(std::vector<Section>{{"worker", kRows}}), std::logic_error);
}

TEST(Values, AreRequiredWhenTheDefaultBreaksTheBounds) {
  static constexpr ConfigRow kRows[] = {{"url", ConfigType::Text, "", "nonempty", "Where."},
                                        {"token", ConfigType::Text, "", "nonempty", "Who.", true}};
  ConfigFolder folder;
  EXPECT_THAT(folder.faults(std::vector<Section>{{"pg", kRows}}),
              ElementsAre("penstock.lua: pg.url is not set: expected text that is not empty",
                          HasSubstr("penstock.lua: pg.token is not set: expected { file")));
  EXPECT_THAT(folder.faults(std::vector<Section>{{"pg", kRows, false}}), IsEmpty());
}

TEST(Values, AllFaultsAreReportedAtOnce) {
  ConfigFolder folder(R"(return { plugin = {}, worker = { lease = "x", concurrency = 0, leese = 1, full = "no" } })");
  try {
    folder.load().check(kWorker);
    FAIL() << "no faults";
  } catch (const ConfigurationFaults& failure) {
    EXPECT_EQ(failure.faults.size(), 5U);
    for (const std::string& fault : failure.faults) EXPECT_THAT(failure.what(), HasSubstr(fault));
  }
}

TEST(Values, AnEmptyTableIsAnEmptySection) {
  ConfigFolder folder("return { worker = { retry = {}, extra = {}, tags = {} } }");
  EXPECT_THAT(folder.faults(kWorker), IsEmpty());
  EXPECT_THAT(folder.load().section(kWorker[0])->list("tags"), IsEmpty());
  folder.write("penstock.lua", "return { worker = {} }");
  EXPECT_THAT(folder.faults(kWorker), IsEmpty());
}

TEST(Plugins, AreKnownBeforeTheirSections) {
  ConfigFolder folder(R"(return { plugins = { "worker", "x" }, unheard = { of = 1 } })");
  EXPECT_THAT(folder.load().plugins(), ElementsAre("worker", "x"));
  folder.write("penstock.lua", "return {}");
  EXPECT_EQ(folder.load().plugins().size(), 6U);
  folder.write("penstock.lua", "return { plugins = {} }");
  EXPECT_THROW(folder.load().plugins(), ConfigurationFaults);
  folder.write("penstock.lua", "return { plugins = 5 }");
  EXPECT_THROW(folder.load().plugins(), ConfigurationFaults);
}

TEST(Quantities, AreWrittenInTheGreatestWholeUnit) {
  EXPECT_EQ(formatDuration(0s), "0s");
  EXPECT_EQ(formatDuration(90s), "90s");
  EXPECT_EQ(formatDuration(72h), "3d");
  EXPECT_EQ(formatDuration(250ms), "250ms");
  EXPECT_EQ(formatDuration(Duration(1)), "1us");
  EXPECT_EQ(formatSize(0), "0");
  EXPECT_EQ(formatSize(1023), "1023");
  EXPECT_EQ(formatSize(64U << 10U), "64KB");
  EXPECT_EQ(parseSize("16777216TB"), std::nullopt);
}

TEST(NearestKey, ForgivesSlipsButDoesNotGuessWildly) {
  const std::vector<std::string> known{"worker.lease", "worker.max_events", "http.port", "shutdown.drain_timeout"};
  EXPECT_EQ(nearestKey("worker.laese", known), "worker.lease");
  EXPECT_EQ(nearestKey("worker.maxEvents", known), "worker.max_events");
  EXPECT_EQ(nearestKey("htpp.port", known), "http.port");
  EXPECT_EQ(nearestKey("lease", known), "worker.lease");
  EXPECT_EQ(nearestKey("worker.batch", known), std::nullopt);
  EXPECT_EQ(nearestKey("", known), std::nullopt);
}

}  // namespace
}  // namespace penstock::test
