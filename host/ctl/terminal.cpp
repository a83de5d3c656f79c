#include "ctl/terminal.h"

#include "ctl/failure.h"
#include "ctl/output.h"
#include "ctl/window.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <string_view>

namespace penstock::ctl {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J";
constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP}) sigaddset(&set, signal);
  return set;
}

void write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno != EINTR) return;
    text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
  }
}

}  // namespace

bool Terminal::is() { return canDraw(STDOUT_FILENO) && ::isatty(STDIN_FILENO) != 0; }

std::size_t Terminal::columns() { return windowOf(STDOUT_FILENO).columns - 1; }

Terminal::Terminal() {
  const sigset_t set = watched();
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals_ < 0 || ::tcgetattr(STDIN_FILENO, &before_) != 0) {
    if (signals_ >= 0) ::close(signals_);
    throw Failure(Exit::Unavailable, "the terminal cannot be used");
  }
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  enter();
}

Terminal::~Terminal() {
  leave();
  // What has come meanwhile has had its effect.
  signalfd_siginfo waiting{};
  while (::read(signals_, &waiting, sizeof waiting) == sizeof waiting) continue;
  ::close(signals_);
  const sigset_t set = watched();
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

void Terminal::enter() {
  termios raw = before_;
  raw.c_lflag &= static_cast<tcflag_t>(~(ICANON | ECHO));
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  write(kEnter);
}

void Terminal::leave() const {
  write(kLeave);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

void Terminal::draw(const std::vector<std::string>& lines) const {
  const Window window = windowOf(STDOUT_FILENO);
  write(drawing(lines, window.rows, window.columns));
}

Woken Terminal::wait(std::chrono::milliseconds time) {
  const auto deadline = Clock::now() + time;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    std::array<pollfd, 2> sources{pollfd{signals_, POLLIN, 0}, pollfd{deaf_ ? -1 : STDIN_FILENO, POLLIN, 0}};
    const int ready = ::poll(sources.data(), sources.size(), static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready == 0) return Woken::Time;
    if (ready < 0 && errno != EINTR) return Woken::Quit;
    signalfd_siginfo came{};
    if (::read(signals_, &came, sizeof came) == sizeof came) {
      if (came.ssi_signo == SIGWINCH) return Woken::Resized;
      if (came.ssi_signo != SIGTSTP) return Woken::Quit;
      leave();
      ::kill(::getpid(), SIGSTOP);
      enter();
      return Woken::Resized;
    }
    if (sources[1].revents == 0) continue;
    char key = 0;
    if (::read(STDIN_FILENO, &key, 1) != 1)
      deaf_ = true;
    else if (key == 'q' || key == 'Q')
      return Woken::Quit;
  }
}

std::string drawing(const std::vector<std::string>& lines, std::size_t rows, std::size_t columns) {
  std::string text = "\x1b[H";
  for (std::size_t row = 0; row < std::min(rows, lines.size()); ++row) {
    if (row > 0) text += "\r\n";
    text += columns > 1 ? shortened(lines[row], columns - 1) : std::string();
    text += "\x1b[K";
  }
  return text + "\x1b[J";
}

}  // namespace penstock::ctl
