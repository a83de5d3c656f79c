#include "app/drain.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace penstock {
namespace {

constexpr Duration kEnd = std::chrono::seconds(20);

}  // namespace

void drain(Service& service, Signals& signals, Notify& notify) {
  // What cannot be ended in time gets a moment more.
  notify.stopping(service.drainTimeout() + kEnd);
  std::atomic<bool> stopped = false;
  std::jthread stopping([&] {
    service.stop();
    stopped = true;
    signals.raiseFatal();
  });
  while (!stopped) {
    int signal = 0;
    const Wake wake = signals.next(signal, notify.period());
    service.feed(notify);
    if (wake == Wake::Terminate) {
      service.abandon(signal);
      _exit(128 + signal);
    }
  }
}

}  // namespace penstock
