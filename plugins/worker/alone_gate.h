#pragma once

#include <condition_variable>
#include <mutex>

namespace penstock {

/// Lets many batches through side by side, or one crash suspect alone. A suspect that waits holds new batches back:
/// with std::shared_mutex, which prefers readers here, its lease could run out while it starves.
class AloneGate {
public:
  /// A passage; ends when destroyed.
  class Passage {
  public:
    Passage(AloneGate& gate, bool alone) : gate_(gate), alone_(alone) { gate_.enter(alone_); }
    ~Passage() { gate_.leave(alone_); }
    Passage(const Passage&) = delete;
    Passage& operator=(const Passage&) = delete;

  private:
    AloneGate& gate_;
    bool alone_;
  };

private:
  void enter(bool alone);
  void leave(bool alone);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t together_ = 0;
  std::size_t suspects_waiting_ = 0;
  bool alone_ = false;
};

}  // namespace penstock
