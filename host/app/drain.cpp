#include "app/drain.h"

#include <unistd.h>

#include <atomic>
#include <thread>

namespace penstock {

void drain(Service& service, Signals& signals, Notify& notify) {
  notify.stopping();
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
