#include "ctl/progress.h"

#include "ctl/output.h"
#include "ctl/window.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <utility>

namespace penstock::ctl {
namespace {

constexpr int kBarWidth = 24;

}  // namespace

Progress::Progress() : terminal_(canDraw(STDERR_FILENO)) {}

void Progress::clear() {
  if (std::exchange(shown_, false)) std::cerr << "\r\x1b[K" << std::flush;
}

void Progress::show(const std::string& text) {
  if (!terminal_) return;
  std::cerr << '\r' << shortened(text, windowOf(STDERR_FILENO).columns - 1) << "\x1b[K" << std::flush;
  shown_ = true;
}

std::string Progress::bar(double done) {
  const int full = static_cast<int>(std::clamp(done, 0.0, 1.0) * kBarWidth);
  return "[" + std::string(static_cast<std::size_t>(full), '#') +
         std::string(static_cast<std::size_t>(kBarWidth - full), '.') + "]";
}

}  // namespace penstock::ctl
