#pragma once

#include "penstock/clock.h"
#include "penstock/log.h"
#include "policy/script_state.h"

#include <mutex>

namespace penstock {

/// Says in the log what scripts did wrong and what they want said, at most so many lines a second: a script that fails
/// for every message must not fill the disk. [any thread]
class FailureLog {
public:
  FailureLog(Log log, Clock& clock) : log_(log), clock_(clock) {}

  void failed(const ScriptFailure& failure, std::string_view request_id);
  /// A line of log() in a script, already redacted.
  void said(std::string_view text, std::string_view request_id);

private:
  static constexpr unsigned kLinesPerSecond = 20;

  bool mayWrite();

  Log log_;
  Clock& clock_;
  std::mutex mutex_;
  SteadyTime second_{};
  unsigned lines_ = 0;
};

}  // namespace penstock
