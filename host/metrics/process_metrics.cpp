#include "metrics/process_metrics.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

namespace penstock {
namespace {

constexpr CounterSpec kCpu{"process_cpu_seconds_total", "Total user and system CPU time spent in seconds."};
constexpr GaugeSpec kOpen{"process_open_fds", "Number of open file descriptors."};
constexpr GaugeSpec kMost{"process_max_fds", "Maximum number of open file descriptors."};
constexpr GaugeSpec kVirtual{"process_virtual_memory_bytes", "Virtual memory size in bytes."};
constexpr GaugeSpec kResident{"process_resident_memory_bytes", "Resident memory size in bytes."};
constexpr GaugeSpec kStart{"process_start_time_seconds", "Start time of the process since the Unix epoch in seconds."};
constexpr GaugeSpec kThreads{"process_threads", "Number of operating system threads in the process."};
constexpr GaugeSpec kBuild{"penstock_build_info",
                           "Always 1; the labels name the version and the compiler of this build."};

double seconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

struct ProcessStat {
  double threads = 0;
  double started_after_boot = 0;  // seconds
  double virtual_bytes = 0;
  double resident_bytes = 0;
};

// proc(5): the fields after the last bracket, which ends the command's name, start with the third.
std::optional<ProcessStat> readStat(const std::filesystem::path& own_proc) {
  std::ifstream file(own_proc / "stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto bracket = text.rfind(')');
  if (bracket == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(bracket + 1));
  std::array<std::string, 22> words;  // fields 3 to 24
  for (std::string& word : words)
    if (!(fields >> word)) return std::nullopt;
  const auto field = [&](std::size_t number) { return std::strtod(words[number - 3].c_str(), nullptr); };
  return ProcessStat{field(20), field(22) / static_cast<double>(sysconf(_SC_CLK_TCK)), field(23),
                     field(24) * static_cast<double>(sysconf(_SC_PAGESIZE))};
}

// Linux 6.2 and later tell the number as the directory's size; before, its entries must be counted.
std::optional<double> countDescriptors(const std::filesystem::path& own_proc) {
  const std::filesystem::path directory = own_proc / "fd";
  struct stat status {};
  if (stat(directory.c_str(), &status) != 0) return std::nullopt;
  if (status.st_size > 0) return static_cast<double>(status.st_size);
  std::error_code failed;
  std::filesystem::directory_iterator entry(directory, failed);
  if (failed) return std::nullopt;
  double count = -1;  // the iteration holds one itself
  for (; !failed && entry != std::filesystem::directory_iterator(); entry.increment(failed)) ++count;
  if (failed) return std::nullopt;
  return count;
}

std::string_view compiler() {
#ifdef __clang__
  return "clang " __clang_version__;
#else
  return "g++ " __VERSION__;
#endif
}

}  // namespace

class ProcessMetrics::Reading {
public:
  Reading(Metrics& metrics, std::filesystem::path own_proc)
      : own_proc_(std::move(own_proc)), cpu_(metrics.counter(kCpu)), most_(metrics.gauge(kMost)) {
    double start = seconds(CLOCK_REALTIME);
    if (const auto stat = readStat(own_proc_)) {
      start += stat->started_after_boot - seconds(CLOCK_BOOTTIME);
      threads_ = &metrics.gauge(kThreads);
      virtual_ = &metrics.gauge(kVirtual);
      resident_ = &metrics.gauge(kResident);
    }
    if (countDescriptors(own_proc_)) open_ = &metrics.gauge(kOpen);
    metrics.gauge(kStart).set(start);
  }

  void update() {
    const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    cpu_.add(cpu - std::exchange(cpu_before_, cpu));
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) most_.set(static_cast<double>(limit.rlim_cur));
    if (open_ != nullptr)
      if (const auto count = countDescriptors(own_proc_)) open_->set(*count);
    if (threads_ == nullptr) return;
    if (const auto stat = readStat(own_proc_)) {
      threads_->set(stat->threads);
      virtual_->set(stat->virtual_bytes);
      resident_->set(stat->resident_bytes);
    }
  }

private:
  std::filesystem::path own_proc_;
  Counter& cpu_;
  double cpu_before_ = 0;
  Gauge& most_;
  Gauge* open_ = nullptr;
  Gauge* threads_ = nullptr;
  Gauge* virtual_ = nullptr;
  Gauge* resident_ = nullptr;
};

ProcessMetrics::ProcessMetrics(Metrics& metrics, std::string_view version, std::filesystem::path own_proc)
    : reading_(std::make_unique<Reading>(metrics, std::move(own_proc))) {
  metrics.gauge(kBuild, {{"version", version}, {"compiler", compiler()}}).set(1);
  collection_ = metrics.beforeExposition([this] { reading_->update(); });
}

ProcessMetrics::~ProcessMetrics() = default;

}  // namespace penstock
