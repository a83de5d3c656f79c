#pragma once

#include "penstock/clock.h"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace penstock {

/// Counts publishes that wait for the queue's answer, so that stopping can wait for them; what the host lends is out of
/// bounds for answers that come later still.
class PublishGate {
public:
  /// A publish begins. [any thread]
  void begin() { outstanding_.fetch_add(1); }

  /// The time in which an answer may use what the host lends; ends the publish when destroyed.
  class Answering {
  public:
    explicit Answering(PublishGate& gate) : gate_(gate) { gate_.answering_.fetch_add(1); }
    ~Answering() { gate_.end(); }
    Answering(const Answering&) = delete;
    Answering& operator=(const Answering&) = delete;
    bool open() const { return !gate_.closed_.load(); }

  private:
    PublishGate& gate_;
  };

  /// Waits until every publish is answered or the deadline, then closes; later answers find the gate closed.
  void close(Clock& clock, SteadyTime deadline);

private:
  void end();

  std::atomic<std::size_t> outstanding_{0};
  std::atomic<std::size_t> answering_{0};
  std::atomic<bool> waited_for_{false};
  std::atomic<bool> closed_{false};
  std::mutex mutex_;
  std::condition_variable_any changed_;
};

}  // namespace penstock
