#include "logging/line_sink.h"

#include "logging/metrics.h"
#include "pipe.h"
#include "support/recorded_metrics.h"
#include "support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <optional>
#include <sstream>

namespace penstock::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr auto kImpatient = 50ms;

std::string contents(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) result.push_back(line);
  return result;
}

LineSink::Options to(const std::string& destination, std::size_t capacity = 4U << 20U,
                     std::chrono::milliseconds stop_patience = 60s) {
  LineSink::Options options;
  options.destination = destination;
  options.capacity = capacity;
  options.report = [](std::uint64_t dropped) { return "lost " + std::to_string(dropped) + "\n"; };
  options.stop_patience = stop_patience;
  return options;
}

TEST(LineSink, ConcurrentWritersLoseNothingAndNeverInterleave) {
  constexpr int kThreads = 8;
  constexpr int kLines = 5000;
  Pipe pipe;
  pipe.startReading();
  {
    LineSink sink(to(pipe.path(), 64U << 20U));
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread)
      threads.emplace_back([&sink, thread] {
        for (int i = 0; i < kLines; ++i)
          ASSERT_TRUE(sink.append(std::to_string(thread) + ' ' + std::to_string(i) + ' ' +
                                      std::string(static_cast<std::size_t>(i % 200), 'x') + "|\n",
                                  false));
      });
    threads.clear();
    sink.stop();
    EXPECT_EQ(sink.dropped(), 0U);
  }
  std::map<int, int> next;
  for (const std::string& line : lines(pipe.finish())) {
    std::istringstream stream(line);
    int thread = 0;
    int number = 0;
    std::string rest;
    ASSERT_TRUE(stream >> thread >> number >> rest) << line;
    ASSERT_EQ(number, next[thread]++) << "lines of a thread keep their order";
    ASSERT_EQ(rest.size(), static_cast<std::size_t>(number % 200) + 1) << line;
  }
  for (int thread = 0; thread < kThreads; ++thread) EXPECT_EQ(next[thread], kLines);
}

TEST(LineSink, ABlockedDestinationNeverBlocksTheCallerAndEveryDropIsCounted) {
  constexpr std::uint64_t kLines = 5000;
  const std::string line(99, 'x');
  RecordedMetrics metrics;
  Pipe pipe;
  std::optional<LineSink> sink(std::in_place, to(pipe.path(), 64U << 10U));
  sink->countDrops(&metrics.counter(kLogDropped));
  std::uint64_t taken = 0;
  for (std::uint64_t i = 0; i < kLines; ++i) taken += sink->append(line + '\n', false) ? 1 : 0;
  EXPECT_EQ(sink->dropped(), kLines - taken);
  EXPECT_GT(sink->dropped(), kLines / 2);
  EXPECT_EQ(metrics.value("penstock_log_dropped_total"), static_cast<double>(kLines - taken));
  pipe.startReading();
  sink.reset();
  std::uint64_t seen = 0;
  std::uint64_t reported = 0;
  for (const std::string& written : lines(pipe.finish())) {
    if (written == line)
      ++seen;
    else
      reported += std::stoull(written.substr(std::string("lost ").size()));
  }
  EXPECT_EQ(seen, taken);
  EXPECT_EQ(reported, kLines - taken);
}

TEST(LineSink, KeepsRoomForImportantLines) {
  Pipe pipe;
  LineSink sink(to(pipe.path(), 64U << 10U, kImpatient));
  const std::string line(999, 'x');
  // Nobody reads, so pipe, writer and buffer are full in the end, whenever the writer takes its turns.
  for (int taken = 0; sink.append(line + '\n', false); ++taken) ASSERT_LT(taken, 10'000);
  EXPECT_TRUE(sink.append(line + '\n', true));
}

TEST(LineSink, StopsInTimeAlthoughNobodyReadsAndCountsWhatIsLost) {
  RecordedMetrics metrics;
  Pipe pipe;
  std::optional<LineSink> sink(std::in_place, to(pipe.path(), 1U << 20U, kImpatient));
  sink->countDrops(&metrics.counter(kLogDropped));
  const std::string line(99, 'x');
  const auto fill = static_cast<std::size_t>(pipe.capacity()) * 2;
  std::size_t count = 0;
  for (std::size_t bytes = 0; bytes < fill; bytes += 100, ++count) ASSERT_TRUE(sink->append(line + '\n', false));
  sink->stop();
  const auto dropped = sink->dropped();
  sink.reset();
  pipe.startReading();
  const std::string written = pipe.finish();
  const auto whole = static_cast<std::size_t>(std::count(written.begin(), written.end(), '\n'));
  EXPECT_GT(dropped, 0U);
  EXPECT_EQ(whole + dropped, count);
  EXPECT_EQ(metrics.value("penstock_log_dropped_total"), static_cast<double>(dropped));
}

TEST(LineSink, AReaderThatGoesAwayEndsNothing) {
  RecordedMetrics metrics;
  Pipe pipe;
  LineSink sink(to(pipe.path()));
  sink.countDrops(&metrics.counter(kLogDropped));
  pipe.closeReadingEnd();
  for (int i = 0; i < 10; ++i) {
    sink.append("line\n", true);
    sink.flush(10s);
  }
  sink.stop();
  EXPECT_EQ(sink.dropped(), 10U);
  EXPECT_EQ(metrics.value("penstock_log_dropped_total"), 10);
}

TEST(LineSink, AFullDiskLosesOnlyWhatDoesNotFit) {
  LineSink sink(to("/dev/full", 64U << 10U, kImpatient));
  const std::string line(999, 'x');
  int taken = 0;
  for (int i = 0; i < 1000; ++i) taken += sink.append(line + '\n', false) ? 1 : 0;
  EXPECT_LT(taken, 200);
  sink.stop();
  EXPECT_EQ(sink.dropped(), 1000U);
}

TEST(LineSink, FlushReturnsWhenEverythingIsThere) {
  TemporaryFolder folder;
  LineSink sink(to((folder.path() / "log").string()));
  for (int i = 0; i < 100; ++i) sink.append("line " + std::to_string(i) + '\n', false);
  sink.flush(60s);
  EXPECT_THAT(contents(folder.path() / "log"), HasSubstr("line 99\n"));
}

TEST(LineSink, DropsFromBeforeTheCounterAreCountedToo) {
  RecordedMetrics metrics;
  Pipe pipe;
  LineSink sink(to(pipe.path(), 4096));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(sink.append(std::string(5000, 'x') + '\n', true));
  sink.countDrops(&metrics.counter(kLogDropped));
  EXPECT_EQ(metrics.value("penstock_log_dropped_total"), 5);
  sink.countDrops(nullptr);
  EXPECT_FALSE(sink.append(std::string(5000, 'x') + '\n', true));
  EXPECT_EQ(metrics.value("penstock_log_dropped_total"), 5);
}

TEST(LineSink, LinesAfterStopAreWrittenAtOnce) {
  TemporaryFolder folder;
  const auto file = folder.path() / "log";
  LineSink sink(to(file.string()));
  sink.append("before\n", false);
  sink.stop();
  EXPECT_TRUE(sink.append("after\n", false));
  EXPECT_EQ(contents(file), "before\nafter\n");
  sink.stop();
}

TEST(LineSink, ReopenGoesToTheNewFile) {
  TemporaryFolder folder;
  const auto file = folder.path() / "log";
  LineSink sink(to(file.string()));
  sink.append("old\n", false);
  sink.flush(60s);
  std::filesystem::rename(file, folder.path() / "log.1");
  sink.append("between\n", false);
  sink.flush(60s);
  sink.reopen();
  sink.append("new\n", false);
  sink.stop();
  EXPECT_EQ(contents(folder.path() / "log.1"), "old\nbetween\n");
  EXPECT_EQ(contents(file), "new\n");
}

TEST(LineSink, ADestinationThatCannotBeOpenedIsAnError) {
  TemporaryFolder folder;
  EXPECT_THROW(LineSink(to(folder.path().string())), std::system_error);
  EXPECT_THROW(LineSink(to((folder.path() / "absent" / "log").string())), std::system_error);
  LineSink sink(to((folder.path() / "log").string()));
  EXPECT_EQ(std::filesystem::status(folder.path() / "log").permissions() & std::filesystem::perms::others_all,
            std::filesystem::perms::none);
}

}  // namespace
}  // namespace penstock::test
