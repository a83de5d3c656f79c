#pragma once

#include "penstock/time.h"

#include <csignal>
#include <optional>
#include <string>

namespace penstock {

/// What the signal loop woke for.
enum class Wake { Reload, Terminate, ReopenLogs, Fatal, Asked, Time };

/// The service's own signal loop. Signals are blocked in every thread, because Poco's ServerApplication would die on
/// SIGHUP, and are read from a descriptor by one thread.
class Signals {
public:
  /// Blocks HUP, INT, TERM and USR1 in this thread and all it starts, and ignores PIPE. Call first thing in main.
  static void block();

  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// Waits for the next signal or fatal, or until `patience` is over; without it for ever. `signal` is its number, or
  /// 0. [blocks]
  Wake next(int& signal, std::optional<Duration> patience = std::nullopt);

  /// Makes next() return Fatal, once. [any thread]
  void raiseFatal() noexcept;

  /// Makes next() return Asked, once: operators wait for an answer. [any thread]
  void raiseAsked() noexcept;

private:
  int signals_;
  int fatal_;
  int asked_;
};

}  // namespace penstock
