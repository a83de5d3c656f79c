#include "app/begin.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <future>
#include <set>

namespace penstock {
namespace {

/// Lets the waiting thread know, whatever came of the start.
struct End {
  ~End() {
    ended = true;
    signals.raiseAsked();
  }
  std::atomic<bool>& ended;
  Signals& signals;
};

}  // namespace

void begin(Service& service, Signals& signals, Notify& notify) {
  std::atomic<bool> ended = false;
  std::future<void> started = std::async(std::launch::async, [&] {
    const End end{ended, signals};
    service.start();
  });
  std::set<int> heard;
  bool fatal = false;
  while (!ended) {
    int signal = 0;
    switch (signals.next(signal, notify.period())) {
      case Wake::Fatal:
        fatal = true;
        break;
      case Wake::Terminate:
        if (heard.contains(SIGTERM) || heard.contains(SIGINT)) _exit(128 + signal);
        [[fallthrough]];
      case Wake::Reload:
      case Wake::ReopenLogs:
        heard.insert(signal);
        break;
      case Wake::Asked:
      case Wake::Time:
        notify.starting();
        break;
    }
  }
  started.get();
  // What came meanwhile is for the service that runs now.
  for (const int signal : heard) kill(getpid(), signal);
  if (fatal) signals.raiseFatal();
  signals.raiseAsked();
}

}  // namespace penstock
