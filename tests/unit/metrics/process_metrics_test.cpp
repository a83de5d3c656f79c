#include "metrics/process_metrics.h"
#include "exposed.h"
#include "metrics/registry.h"
#include "support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <latch>
#include <thread>
#include <vector>

namespace penstock {
namespace {

using test::exposed;
using test::linesOf;
using testing::Contains;
using testing::Not;
using testing::StartsWith;

double wallSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

TEST(ProcessMetrics, TellOfThisProcess) {
  Registry registry;
  const ProcessMetrics process(registry, "0.1.0");
  EXPECT_GT(exposed(registry, "process_cpu_seconds_total"), 0);
  EXPECT_GT(exposed(registry, "process_open_fds"), 2);
  EXPECT_GE(exposed(registry, "process_max_fds"), exposed(registry, "process_open_fds"));
  EXPECT_GT(exposed(registry, "process_resident_memory_bytes"), 1e6);
  EXPECT_GT(exposed(registry, "process_virtual_memory_bytes"), exposed(registry, "process_resident_memory_bytes"));
  EXPECT_LE(exposed(registry, "process_start_time_seconds"), wallSeconds());
  EXPECT_GT(exposed(registry, "process_start_time_seconds"), wallSeconds() - 3600);
}

TEST(ProcessMetrics, FollowDescriptorsAndThreads) {
  Registry registry;
  const ProcessMetrics process(registry, "0.1.0");
  const double descriptors = exposed(registry, "process_open_fds");
  const double threads = exposed(registry, "process_threads");
  const int opened[] = {open("/dev/null", O_RDONLY), open("/dev/null", O_RDONLY)};
  std::latch end(1);
  std::jthread thread([&] { end.wait(); });
  EXPECT_EQ(exposed(registry, "process_open_fds"), descriptors + 2);
  EXPECT_EQ(exposed(registry, "process_threads"), threads + 1);
  end.count_down();
  for (const int descriptor : opened) close(descriptor);
}

TEST(ProcessMetrics, CountTheCpuTimeThatWasUsedAndNoMore) {
  Registry registry;
  const ProcessMetrics process(registry, "0.1.0");
  double before = 0;
  for (int i = 0; i < 20; ++i) {
    const double shown = exposed(registry, "process_cpu_seconds_total");
    EXPECT_GT(shown, before);
    before = shown;
  }
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  EXPECT_LE(before, static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9 + 1e-6);
}

TEST(ProcessMetrics, NameTheBuild) {
  Registry registry;
  const ProcessMetrics process(registry, "9.8.7");
  EXPECT_THAT(
      linesOf(registry),
      Contains(testing::MatchesRegex(R"(penstock_build_info\{compiler="(g\+\+|clang) .*",version="9.8.7"\} 1)")));
}

TEST(ProcessMetrics, LeaveOutWhatProcDoesNotShow) {
  const test::TemporaryFolder nothing;
  Registry registry;
  const ProcessMetrics process(registry, "0.1.0", nothing.path() / "absent");
  const auto lines = linesOf(registry);
  EXPECT_THAT(lines, Contains(StartsWith("process_cpu_seconds_total ")));
  EXPECT_THAT(lines, Contains(StartsWith("process_start_time_seconds ")));
  EXPECT_THAT(lines, Not(Contains(StartsWith("process_open_fds "))));
  EXPECT_THAT(lines, Not(Contains(StartsWith("process_threads "))));
}

TEST(ProcessMetrics, KeepTheLastValueOfWhatProcStopsShowing) {
  const test::TemporaryFolder proc;
  std::ofstream(proc.path() / "stat")
      << "7 (odd ) name (x)) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 42 0 100 4096 2 18446744073709551615 0 0\n";
  Registry registry;
  const ProcessMetrics process(registry, "0.1.0", proc.path());
  EXPECT_EQ(exposed(registry, "process_threads"), 42);
  EXPECT_EQ(exposed(registry, "process_virtual_memory_bytes"), 4096);
  EXPECT_EQ(exposed(registry, "process_resident_memory_bytes"), 2.0 * static_cast<double>(sysconf(_SC_PAGESIZE)));
  std::ofstream(proc.path() / "stat") << "7 (cut";
  EXPECT_EQ(exposed(registry, "process_threads"), 42);
  std::filesystem::remove(proc.path() / "stat");
  EXPECT_EQ(exposed(registry, "process_threads"), 42);
}

}  // namespace
}  // namespace penstock
