#pragma once

#include "penstock/clock.h"
#include "penstock/health.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace penstock {

/// Remembers that something all threads of the worker need is away, and makes them pause before they ask it again: the
/// pause doubles from `first` to `longest`, with half of it jittered. When a pause is over one thread goes ahead; the
/// others wait until it has learned whether the thing is back.
class Outage {
public:
  Outage(std::string what, Clock& clock, Duration first, Duration longest)
      : what_(std::move(what)), clock_(clock), first_(first), longest_(longest) {}

  /// True when this thread may ask: it is there, or its pause is over and this is the thread that goes ahead. Otherwise
  /// waits for either and says false. [blocks: the pause, or until stop]
  bool mayAsk(const std::stop_token& stop);

  /// It answered. True when it had been away.
  bool back();

  /// Nobody has needed it since `moment`: it is taken to be there until it fails again.
  void calm(SteadyTime moment);

  /// It did not answer. True when it had been there until now.
  bool away();

  /// Nothing while it is there, else a sentence for health.
  std::optional<std::string> sentence() const;

private:
  const std::string what_;
  Clock& clock_;
  const Duration first_;
  const Duration longest_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  unsigned failures_ = 0;
  SteadyTime since_{};
  SteadyTime last_failure_{};
  SteadyTime next_try_{};
};

}  // namespace penstock
