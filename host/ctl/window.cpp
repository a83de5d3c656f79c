#include "ctl/window.h"

#include "ctl/output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace penstock::ctl {
namespace {

constexpr std::size_t kMost = 1000;

}  // namespace

bool canDraw(int descriptor) {
  const char* name = std::getenv("TERM");
  const std::string_view term = name == nullptr ? "" : name;
  return !term.empty() && term != "dumb" && ::isatty(descriptor) != 0;
}

std::size_t columnsOfOutput() { return canDraw(STDOUT_FILENO) ? windowOf(STDOUT_FILENO).columns - 1 : kUnbounded; }

Window windowOf(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return {};
  return {std::min<std::size_t>(size.ws_row, kMost), std::min<std::size_t>(size.ws_col, kMost)};
}

}  // namespace penstock::ctl
