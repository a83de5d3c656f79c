#include "http-ingest/publish_gate.h"

#include <stop_token>

namespace penstock {

void PublishGate::close(Clock& clock, SteadyTime deadline) {
  waited_for_.store(true);
  std::unique_lock lock(mutex_);
  while (outstanding_.load() != 0 && clock.now() < deadline) clock.wait(lock, changed_, deadline, std::stop_token{});
  // An answer that saw the gate open is counted in answering_ already: all four are sequentially consistent.
  closed_.store(true);
  changed_.wait(lock, [this] { return answering_.load() == 0; });
}

void PublishGate::end() {
  outstanding_.fetch_sub(1);
  answering_.fetch_sub(1);
  if (!waited_for_.load()) return;
  std::lock_guard guard(mutex_);
  changed_.notify_all();
}

}  // namespace penstock
