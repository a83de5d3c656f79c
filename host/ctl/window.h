#pragma once

#include <cstddef>

namespace penstock::ctl {

/// How much of a terminal can be seen.
struct Window {
  std::size_t rows = 24;
  std::size_t columns = 80;
};

/// Whether the descriptor is a terminal that can be drawn on: what TERM does not name, or calls dumb, is none.
bool canDraw(int descriptor);

/// Cells that a line of standard output may have; unbounded unless it is a terminal.
std::size_t columnsOfOutput();

/// The window of a terminal; 24 by 80 where it does not tell.
Window windowOf(int descriptor);

}  // namespace penstock::ctl
