#pragma once

#include "worker/finally.h"

#include "penstock/clock.h"

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>

namespace penstock {

/// Lets many batches through side by side, or one crash suspect alone. A suspect that waits holds new batches back:
/// with std::shared_mutex, which prefers readers here, its lease could run out while it starves. The batches that
/// waited for it come before the next one, so that suspects without end do not keep everybody else waiting.
class AloneGate {
public:
  /// A way through, shared by all who are on it; ends with the last of them.
  using Passage = std::shared_ptr<Finally>;

  /// A passage, or nothing when there was none until then. `until` is asked again when `stop` is requested; a request
  /// alone ends no wait. [any thread] [blocks: until then]
  Passage enter(bool alone, Clock& clock, const std::function<SteadyTime()>& until, const std::stop_token& stop);

private:
  bool open(bool alone) const;
  void leave(bool alone);

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::size_t together_ = 0;          // guarded by mutex_
  std::size_t suspects_waiting_ = 0;  // guarded by mutex_
  std::size_t batches_waiting_ = 0;   // guarded by mutex_
  std::size_t their_turn_ = 0;        // guarded by mutex_; batches that waited for the last suspect
  bool alone_ = false;                // guarded by mutex_
};

}  // namespace penstock
