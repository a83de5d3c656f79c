#pragma once

#include <chrono>

namespace penstock::ctl {

/// While it lives, INT, TERM and HUP do not end the program but are remembered, so that it can clean up. One at a time.
class Interrupt {
public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  /// The signal that came, or 0.
  static int signal();
  /// [throws: Failure with the shell's status for that signal, when one came]
  static void check();
};

/// Waits so long; less when a signal comes that Interrupt remembers.
void pause(std::chrono::milliseconds time);

}  // namespace penstock::ctl
