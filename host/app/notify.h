#pragma once

#include "app/watchdog.h"
#include "penstock/clock.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// Tells the service manager how the service is (sd_notify(3)). One thread calls. Every call may block while the
/// manager does not read what was sent before.
class Notify {
public:
  /// Takes lines of the form NAME=value.
  using Send = std::function<void(const std::string& lines)>;

  /// Without `send` nobody is told. `watchdog`: the time in which the manager wants to be fed; 0: never.
  Notify(Send send, Duration watchdog, const Clock& clock);

  /// To NOTIFY_SOCKET, when it is set, with the watchdog of WATCHDOG_USEC and WATCHDOG_PID.
  static Notify fromEnvironment(const Clock& clock);

  /// The longest time to wait between two calls of status and feed; none: they do nothing.
  std::optional<Duration> period() const;

  /// The listeners are bound, or a reload is over.
  void ready(std::string_view status);
  void reloading();
  /// It may go on for as long as `extension` from now, whatever the manager's own limit is.
  void stopping(Duration extension);
  /// The start goes on; asks for time while it does. Nothing after an hour, so that one that hangs is ended.
  void starting();
  /// Sent when it differs from what was sent last.
  void status(std::string_view status);
  /// Feeds the watchdog when it is time and no loop is stalled. True when a feed was withheld, once until the next.
  bool feed(const std::vector<std::string>& stalled);

private:
  void send(const std::string& lines, std::string_view status);

  Send send_;
  Watchdog watchdog_;
  const Clock& clock_;
  SteadyTime latest_start_;
  std::string status_;
};

}  // namespace penstock
