#include "logging/logging.h"

#include "config/fault.h"
#include "penstock/log.h"
#include "support/recorded_metrics.h"
#include "support/temporary_folder.h"

#include <Poco/Util/MapConfiguration.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <fstream>
#include <thread>

namespace penstock::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Logging : public testing::Test {
protected:
  Logging() {
    set("logging.level", "information");
    set("logging.format", "json");
    set("logging.destination", file().string());
    set("logging.buffer", "4MB");
  }
  ~Logging() override { stopLogging(); }

  void set(const std::string& key, const std::string& value) { settings_->setString(key, value); }
  void start() { startLogging(*settings_, &metrics_); }
  std::filesystem::path file(const std::string& name = "log") const { return folder_.path() / name; }

  std::vector<boost::json::object> lines(const std::string& name = "log") {
    stopLogging();
    std::vector<boost::json::object> result;
    std::ifstream stream(file(name));
    for (std::string line; std::getline(stream, line);) result.push_back(boost::json::parse(line).as_object());
    return result;
  }
  std::vector<std::string> messages(const std::string& name = "log") {
    std::vector<std::string> result;
    for (const auto& line : lines(name)) result.emplace_back(line.at("message").as_string());
    return result;
  }
  std::vector<std::string> faults() {
    try {
      checkLogging(*settings_);
    } catch (const ConfigurationFaults& failure) {
      return failure.faults;
    }
    return {};
  }

  /// A logger that no other test has used.
  static Log logger(const std::string& name) { return Log(Poco::Logger::get(name)); }

  TemporaryFolder folder_;
  RecordedMetrics metrics_;
  Poco::AutoPtr<Poco::Util::MapConfiguration> settings_{new Poco::Util::MapConfiguration};
};

TEST_F(Logging, WritesFieldsAsTheyAreGiven) {
  start();
  logger("fields").information("ingest.accepted", "Accepted",
                               {{"request_id", "r-1"}, {"message_id", "m-1"}, {"key", "k"}, {"outcome", "accepted"}});
  const auto all = lines();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].at("level"), "information");
  EXPECT_EQ(all[0].at("logger"), "fields");
  EXPECT_EQ(all[0].at("message"), "Accepted");
  EXPECT_EQ(all[0].at("event"), "ingest.accepted");
  EXPECT_EQ(all[0].at("request_id"), "r-1");
  EXPECT_EQ(all[0].at("message_id"), "m-1");
  EXPECT_EQ(all[0].at("key"), "k");
  EXPECT_EQ(all[0].at("outcome"), "accepted");
}

TEST_F(Logging, WritesPocoMessagesWithAllTheirParameters) {
  start();
  Poco::Message message("poco", "Plain", Poco::Message::PRIO_ERROR);
  message.set("event", "poco.event");
  message.set("anything", "at all");
  Poco::Logger::get("poco").log(message);
  Poco::Logger::get("poco").warning("No parameters");
  const auto all = lines();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].at("event"), "poco.event");
  EXPECT_EQ(all[0].at("anything"), "at all");
  EXPECT_EQ(all[0].at("level"), "error");
  EXPECT_EQ(all[0].at("logger"), "poco");
  EXPECT_FALSE(all[1].contains("event"));
}

TEST_F(Logging, LoggersMadeBeforeAndAfterTheStartWriteAlike) {
  const Log early = logger("early.child");
  start();
  early.information("a.b", "early");
  logger("late.child").information("a.b", "late");
  EXPECT_THAT(messages(), ElementsAre("early", "late"));
}

TEST_F(Logging, LevelsAreThoseOfTheNearestNamedLogger) {
  set("logging.loggers.levels.level", "debug");
  set("logging.loggers.quiet.level", "error");
  set("logging.loggers.quiet.name", "levels.quiet");
  start();
  logger("levels").debug("a.b", "1");
  logger("levels.child").debug("a.b", "2");
  logger("levels.quiet").warning("a.b", "dropped");
  logger("levels.quiet.child").error("a.b", "3");
  logger("others").debug("a.b", "dropped");
  logger("others").information("a.b", "4");
  EXPECT_THAT(messages(), ElementsAre("1", "2", "3", "4"));
}

TEST_F(Logging, LevelsChangeOnReload) {
  start();
  const Log log = logger("reloaded");
  log.debug("a.b", "dropped");
  set("logging.level", "debug");
  applyLevels(*settings_);
  log.debug("a.b", "1");
  logger("reloaded.new").debug("a.b", "2");
  set("logging.loggers.reloaded.level", "none");
  applyLevels(*settings_);
  log.critical("a.b", "dropped");
  EXPECT_THAT(messages(), ElementsAre("1", "2"));
}

TEST_F(Logging, ABadLevelOnReloadChangesNothing) {
  start();
  set("logging.level", "debug");
  set("logging.loggers.bad.level", "loud");
  EXPECT_THROW(applyLevels(*settings_), ConfigurationFaults);
  logger("unchanged").debug("a.b", "dropped");
  EXPECT_THAT(messages(), IsEmpty());
}

TEST_F(Logging, FaultsAreSentences) {
  set("logging.loggers.a.level", "loud");
  set("logging.loggers.b.channel", "nowhere");
  set("logging.channels.c.class", "NoSuchChannel");
  set("logging.channels.d.path", "x");
  set("logging.formatters.f.class", "NoSuchFormatter");
  EXPECT_THAT(faults(),
              testing::UnorderedElementsAre(
                  "logging.loggers.a.level = \"loud\": expected none, fatal, critical, error, warning, notice, "
                  "information, debug or trace",
                  "logging.loggers.b.channel = \"nowhere\": expected the name of one of logging.channels",
                  "logging.channels.c.class = \"NoSuchChannel\": expected a class that Poco's logging knows",
                  "logging.channels.d.class is not set: expected a class that Poco's logging knows",
                  "logging.formatters.f.class = \"NoSuchFormatter\": expected a class that Poco's logging "
                  "knows"));
  EXPECT_THROW(start(), ConfigurationFaults);
}

TEST_F(Logging, AFileThatCannotBeOpenedIsAFault) {
  set("logging.destination", file("absent/log").string());
  EXPECT_THAT(faults(), IsEmpty()) << "checking touches no file";
  try {
    start();
    FAIL() << "started";
  } catch (const ConfigurationFaults& failure) {
    EXPECT_THAT(failure.faults, ElementsAre(HasSubstr("logging.destination: cannot open")));
  }
}

TEST_F(Logging, PocosOwnChannelsAndFormattersWork) {
  set("logging.channels.plain.class", "SimpleFileChannel");
  set("logging.channels.plain.path", file("plain").string());
  set("logging.channels.plain.pattern", "%p %s %t %[request_id]");
  set("logging.loggers.plain.channel", "plain");
  set("logging.channels.second.class", "PenstockChannel");
  set("logging.channels.second.destination", file("second").string());
  set("logging.channels.second.format", "json");
  set("logging.loggers.second.channel", "second");
  start();
  logger("plain").information("a.b", "through Poco", {{"request_id", "r9"}});
  logger("second.child").information("a.b", "elsewhere");
  logger("third").information("a.b", "as always");
  EXPECT_THAT(messages(), ElementsAre("as always"));
  EXPECT_THAT(messages("second"), ElementsAre("elsewhere"));
  std::ifstream stream(file("plain"));
  std::string line;
  std::getline(stream, line);
  EXPECT_EQ(line, "Information plain through Poco r9");
}

TEST_F(Logging, TextIsReadable) {
  set("logging.format", "text");
  start();
  logger("readable").notice("a.b", "Hello", {{"attempt", "2"}});
  stopLogging();
  std::ifstream stream(file());
  std::string line;
  std::getline(stream, line);
  EXPECT_THAT(line, testing::MatchesRegex("[-0-9T:.]+Z notice readable: Hello event=a.b attempt=2"));
}

TEST_F(Logging, AnUnwatchedFileIsJsonByItself) {
  set("logging.format", "auto");
  start();
  logger("auto").information("a.b", "Hello");
  EXPECT_EQ(lines().size(), 1U);
}

TEST_F(Logging, ACriticalSentenceIsThereBeforeTheCallReturns) {
  start();
  logger("critical").critical("host.fatal", "The end");
  std::ifstream stream(file());
  std::string line;
  std::getline(stream, line);
  EXPECT_THAT(line, HasSubstr("The end"));
}

TEST_F(Logging, WhatIsSaidAfterStopIsStillWritten) {
  start();
  stopLogging();
  logger("afterwards").information("a.b", "late");
  stopLogging();
  EXPECT_THAT(messages(), ElementsAre("late"));
}

TEST_F(Logging, StartsAnew) {
  start();
  logger("anew").information("a.b", "first");
  set("logging.destination", file("other").string());
  start();
  logger("anew").information("a.b", "second");
  EXPECT_THAT(messages("other"), ElementsAre("second"));
  EXPECT_THAT(messages(), ElementsAre("first"));
}

TEST_F(Logging, FilesAreOpenedAnewAfterARotation) {
  start();
  logger("rotated").critical("a.b", "old");
  std::filesystem::rename(file(), file("log.1"));
  reopenLogs();
  logger("rotated").information("a.b", "new");
  EXPECT_THAT(messages(), ElementsAre("new"));
  EXPECT_THAT(messages("log.1"), ElementsAre("old"));
}

TEST_F(Logging, TheDropCounterStartsAtZero) {
  start();
  EXPECT_EQ(metrics_.value("penstock_log_dropped_total"), 0);
}

TEST_F(Logging, ThreadsThatLogWhileLevelsChangeLoseNothing) {
  start();
  constexpr int kLines = 2000;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread)
      threads.emplace_back([] {
        const Log log = logger("busy");
        for (int i = 0; i < kLines; ++i) log.information("a.b", "line", {{"request_id", "r"}});
      });
    for (int i = 0; i < 100; ++i) applyLevels(*settings_);
  }
  EXPECT_EQ(lines().size(), 4U * kLines);
}

}  // namespace
}  // namespace penstock::test
