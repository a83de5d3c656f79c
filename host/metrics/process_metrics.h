#pragma once

#include "penstock/metrics.h"

#include <filesystem>
#include <memory>
#include <string_view>

namespace penstock {

/// What Prometheus client libraries say about a process
/// (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics), read before each exposition, and
/// penstock_build_info. What /proc does not show is left out; what it stops showing keeps its last value. Needs no
/// more of /proc than the process's own directory. Until destroyed.
class ProcessMetrics {
public:
  ProcessMetrics(Metrics& metrics, std::string_view version, std::filesystem::path own_proc = "/proc/self");
  ~ProcessMetrics();
  ProcessMetrics(const ProcessMetrics&) = delete;
  ProcessMetrics& operator=(const ProcessMetrics&) = delete;

private:
  class Reading;
  std::unique_ptr<Reading> reading_;
  std::unique_ptr<Collection> collection_;
};

}  // namespace penstock
