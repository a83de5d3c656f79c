#pragma once

#include "app/reload_report.h"
#include "penstock/http.h"
#include "penstock/time.h"

#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace penstock {

/// What operators ask of the host on the admin listener: POST /admin/reload, POST /admin/drain, GET /admin/status. The
/// calls wait here until the thread of the signal loop, which is the one that reloads and stops, does them.
class AdminCalls {
public:
  /// How each call is done, on the thread of the signal loop. Neither function throws.
  struct Work {
    std::function<ReloadReport()> reload;
    std::function<std::string()> status;  ///< a JSON object, or an empty text when that failed
    Duration drain_timeout{};             ///< told to who asks for a drain
  };

  /// `wake` makes the signal loop call work(). [any thread]
  explicit AdminCalls(std::function<void()> wake) : wake_(std::move(wake)) {}

  /// Declares the routes. The listener is closed before this is destroyed.
  void addTo(Http& http);

  /// Does what was asked since the last time and answers it. True when a drain was asked for, once.
  bool work(const Work& work);

  /// Answers 503 from now on, also what waits. [any thread] [does not block]
  void close() noexcept;

private:
  enum class Kind : std::uint8_t { Reload, Drain, Status };
  struct Call {
    Kind kind;
    Responder responder;
  };
  struct Waiting {
    std::mutex mutex;
    bool closed = false;
    std::vector<Call> calls;  ///< bounded by the connections that the admin listener takes
  };

  void ask(Kind kind, HttpRequest& request, Responder responder);

  std::function<void()> wake_;
  Waiting waiting_;
};

}  // namespace penstock
