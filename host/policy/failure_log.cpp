#include "policy/failure_log.h"

namespace penstock {

void FailureLog::failed(const ScriptFailure& failure, std::string_view request_id) {
  if (!mayWrite()) return;
  const ScriptError& error = failure.error;
  const std::string position = error.position.empty() ? failure.file : error.position;
  log_.error("policy.script_failed", "a script failed",
             {{"script", word(failure.script)},
              {"reason", word(error.reason)},
              {"position", position},
              {"cause", error.cause},
              {"request_id", request_id}});
}

void FailureLog::said(std::string_view text, std::string_view request_id) {
  if (!mayWrite()) return;
  log_.information("policy.script_log", text, {{"request_id", request_id}});
}

bool FailureLog::mayWrite() {
  const SteadyTime now = clock_.now();
  std::lock_guard guard(mutex_);
  if (now - second_ >= std::chrono::seconds(1)) {
    second_ = now;
    lines_ = 0;
  }
  return lines_++ < kLinesPerSecond;
}

}  // namespace penstock
