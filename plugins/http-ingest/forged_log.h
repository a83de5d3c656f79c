#pragma once

#include "penstock/clock.h"
#include "penstock/http.h"
#include "penstock/log.h"

#include <cstdint>
#include <mutex>
#include <string_view>

namespace penstock {

/// Says in the log that webhooks were not signed by their provider, at most once a second: anybody can post them, and
/// nobody is to fill the disk. The metric counts them all. [any thread] [does not block]
class ForgedLog {
public:
  ForgedLog(Log log, Clock& clock) : log_(log), clock_(clock) {}

  void note(const HttpRequest& request, std::string_view provider);

private:
  Log log_;
  Clock& clock_;
  std::mutex mutex_;
  SteadyTime next_{};
  std::uint64_t suppressed_ = 0;  ///< since the last line
};

}  // namespace penstock
