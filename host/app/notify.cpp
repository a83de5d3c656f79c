#include "app/notify.h"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>

namespace penstock {
namespace {

using namespace std::chrono_literals;

constexpr Duration kStatusPeriod = 1s;
constexpr Duration kShortestPeriod = 1ms;
constexpr Duration kStartExtension = 30s;
constexpr Duration kLongestStart = 1h;
constexpr std::uint64_t kLongestWatchdog = 86'400'000'000;  // microseconds; a day is as good as never
constexpr std::size_t kLongestStatus = 400;

std::string extendBy(Duration time) {
  return "EXTEND_TIMEOUT_USEC=" + std::to_string(std::chrono::ceil<std::chrono::microseconds>(time).count());
}

/// Printable ASCII on one line: a line break would begin another assignment, and the manager drops what is not UTF-8.
std::string oneLine(std::string_view text) {
  std::string line(text.substr(0, kLongestStatus));
  std::ranges::replace_if(
      line, [](char one) { return one < ' ' || one > '~'; }, '?');
  if (line.size() < text.size()) line += "...";
  return line;
}

}  // namespace

Notify::Notify(Send send, Duration watchdog, const Clock& clock)
    : send_(std::move(send)), watchdog_(watchdog, clock), clock_(clock), latest_start_(clock.now() + kLongestStart) {}

Notify Notify::fromEnvironment(const Clock& clock) {
  if (std::getenv("NOTIFY_SOCKET") == nullptr) return {Send(), Duration::zero(), clock};
  std::uint64_t limit = 0;
  if (sd_watchdog_enabled(0, &limit) <= 0) limit = 0;
  return {[](const std::string& lines) { sd_notify(0, lines.c_str()); }, Duration(std::min(limit, kLongestWatchdog)),
          clock};
}

std::optional<Duration> Notify::period() const {
  if (!send_) return std::nullopt;
  if (!watchdog_.enabled()) return kStatusPeriod;
  // A quarter, so that what is due at the half is never later than at three quarters.
  return std::clamp(watchdog_.limit() / 4, kShortestPeriod, kStatusPeriod);
}

void Notify::send(const std::string& lines, std::string_view status) {
  if (!send_) return;
  status_ = oneLine(status);
  send_(lines + "STATUS=" + status_);
}

void Notify::ready(std::string_view status) {
  watchdog_.restart();
  send("READY=1\n", status);
}

void Notify::reloading() {
  const auto now = std::chrono::floor<std::chrono::microseconds>(clock_.now().time_since_epoch());
  send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.count()) + "\n", "reloading");
}

void Notify::stopping(Duration extension) {
  send("STOPPING=1\n" + extendBy(extension) + '\n', "draining: no new work is accepted");
}

void Notify::starting() {
  if (send_ && clock_.now() < latest_start_) send_(extendBy(kStartExtension));
}

void Notify::status(std::string_view status) {
  if (send_ && oneLine(status) != status_) send("", status);
}

bool Notify::feed(const std::vector<std::string>& stalled) {
  if (!send_) return false;
  const Watchdog::Act act = watchdog_.ask(stalled);
  if (act == Watchdog::Act::Feed) send_("WATCHDOG=1");
  return act == Watchdog::Act::Withhold;
}

}  // namespace penstock
