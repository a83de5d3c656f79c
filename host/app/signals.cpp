#include "app/signals.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <limits>
#include <system_error>

namespace penstock {
namespace {

sigset_t handled() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGHUP, SIGINT, SIGTERM, SIGUSR1}) sigaddset(&set, signal);
  return set;
}

void raise(int event) noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(event, &one, sizeof one);
}

bool take(int event) noexcept {
  std::uint64_t count = 0;
  return read(event, &count, sizeof count) == sizeof count;
}

/// As poll wants it: rounded up, -1 for ever.
int milliseconds(std::optional<Duration> patience) {
  if (!patience) return -1;
  const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(*patience).count();
  return static_cast<int>(std::clamp<std::int64_t>(rounded, 0, std::numeric_limits<int>::max()));
}

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

}  // namespace

void Signals::block() {
  const sigset_t set = handled();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

Signals::Signals() : signals_(-1), fatal_(-1), asked_(-1) {
  const sigset_t set = handled();
  signals_ = signalfd(-1, &set, SFD_CLOEXEC);
  if (signals_ < 0) fail("signalfd");
  fatal_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  asked_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fatal_ >= 0 && asked_ >= 0) return;
  const int cause = errno;
  for (const int descriptor : {signals_, fatal_, asked_})
    if (descriptor >= 0) close(descriptor);
  errno = cause;
  fail("eventfd");
}

Signals::~Signals() {
  close(signals_);
  close(fatal_);
  close(asked_);
}

Wake Signals::next(int& signal, std::optional<Duration> patience) {
  for (;;) {
    pollfd watched[3] = {{signals_, POLLIN, 0}, {fatal_, POLLIN, 0}, {asked_, POLLIN, 0}};
    const int woken = poll(watched, 3, milliseconds(patience));
    if (woken < 0) {
      if (errno == EINTR) continue;
      fail("poll");
    }
    signal = 0;
    if (woken == 0) return Wake::Time;
    if ((watched[1].revents & POLLIN) != 0 && take(fatal_)) return Wake::Fatal;
    if ((watched[0].revents & POLLIN) == 0) {
      if ((watched[2].revents & POLLIN) != 0 && take(asked_)) return Wake::Asked;
      continue;
    }
    signalfd_siginfo received{};
    if (read(signals_, &received, sizeof received) != sizeof received) continue;
    signal = static_cast<int>(received.ssi_signo);
    if (signal == SIGHUP) return Wake::Reload;
    if (signal == SIGUSR1) return Wake::ReopenLogs;
    return Wake::Terminate;
  }
}

void Signals::raiseFatal() noexcept { raise(fatal_); }

void Signals::raiseAsked() noexcept { raise(asked_); }

}  // namespace penstock
