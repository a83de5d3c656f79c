#include "http-ingest/forged_log.h"

#include <chrono>
#include <string>
#include <utility>

namespace penstock {

void ForgedLog::note(const HttpRequest& request, std::string_view provider) {
  const SteadyTime now = clock_.now();
  std::uint64_t suppressed = 0;
  {
    const std::lock_guard guard(mutex_);
    if (now < next_) {
      ++suppressed_;
      return;
    }
    next_ = now + std::chrono::seconds(1);
    suppressed = std::exchange(suppressed_, 0);
  }
  log_.notice("ingest.webhook_forged", "a webhook was not signed by its provider",
              {{"request_id", request.request_id},
               {"provider", provider},
               {"peer", request.peer},
               {"suppressed", std::to_string(suppressed)}});
}

}  // namespace penstock
