#include "ctl/interrupt.h"

#include "ctl/failure.h"

#include <array>
#include <csignal>
#include <ctime>

namespace penstock::ctl {
namespace {

constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};

volatile std::sig_atomic_t g_came = 0;
std::array<struct sigaction, kSignals.size()> g_before;

void remember(int signal) { g_came = signal; }

}  // namespace

Interrupt::Interrupt() {
  g_came = 0;
  struct sigaction action {};
  action.sa_handler = remember;  // without SA_RESTART: what waits is woken
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &action, &g_before[i]);
}

Interrupt::~Interrupt() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &g_before[i], nullptr);
}

int Interrupt::signal() { return g_came; }

void Interrupt::check() {
  if (g_came != 0) throw Failure(static_cast<Exit>(128 + g_came), "interrupted");
}

void pause(std::chrono::milliseconds time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  const timespec wait{static_cast<std::time_t>(seconds.count()),
                      static_cast<long>(std::chrono::nanoseconds(time - seconds).count())};
  nanosleep(&wait, nullptr);
}

}  // namespace penstock::ctl
