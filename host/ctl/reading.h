#pragma once

#include "ctl/client.h"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <optional>
#include <span>

namespace penstock::ctl {

/// A total of what the service has done since it was started, and what people call it.
struct Counter {
  const char* name;
  const char* title;
};
std::span<const Counter> counters();

/// One answer of GET /admin/status. Rates come from the counters of two of them, over the time that the service itself
/// says has passed, so a slow call or a clock that is set distorts none.
class Reading {
public:
  /// [throws: Failure when it is no such answer]
  explicit Reading(boost::json::value status);

  /// [blocks: up to the client's timeout] [throws: Failure]
  static Reading take(Client& client) { return Reading(client.get("/admin/status").body); }

  const boost::json::value& status() const { return status_; }
  double uptime() const { return uptime_; }

  /// Of a second since the earlier reading; nothing when the counter is not there, or when the service was started
  /// again in between.
  std::optional<double> rate(const Reading& earlier, const char* counter) const;

  /// Every counter's rate; null where there is none.
  boost::json::object rates(const Reading& earlier) const;

private:
  boost::json::value status_;
  double uptime_;
};

}  // namespace penstock::ctl
