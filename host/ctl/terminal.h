#pragma once

#include <termios.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace penstock::ctl {

/// What ended a wait at the terminal.
enum class Woken { Time, Resized, Quit };

/// The whole terminal for one program: the alternate screen, keys as they are typed, no cursor. However the program
/// ends, by q, INT, TERM, HUP or an exception, the terminal is as it was. One at a time.
class Terminal {
public:
  /// Whether standard output and input are a terminal that can be drawn on.
  static bool is();

  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// So many cells of a line can be seen; the last one is left free.
  static std::size_t columns();

  /// Draws the lines over the whole screen; what does not fit is left out.
  void draw(const std::vector<std::string>& lines) const;

  /// Waits so long, or until a key or signal ends it. TSTP stops the program with the terminal as it was.
  Woken wait(std::chrono::milliseconds time);

private:
  void enter();
  void leave() const;

  termios before_{};
  int signals_ = -1;
  bool deaf_ = false;  ///< standard input has ended
};

/// What Terminal::draw writes for a screen of so many rows and columns.
std::string drawing(const std::vector<std::string>& lines, std::size_t rows, std::size_t columns);

}  // namespace penstock::ctl
