#pragma once

#include "penstock/time.h"

#include <cstdint>
#include <mutex>
#include <optional>

namespace penstock {

/// When messages may leave: whenever they come, so many in each interval, or not at all. Only sending is paced; the
/// rest of the way is not. [any thread]
class Pacer {
public:
  /// `interval` 0: no pace. `batch`: in each interval.
  Pacer(Duration interval, std::uint64_t batch) : interval_(interval), batch_(batch) {}

  /// Nothing when a message may leave now; otherwise when to ask again. Those that wait are told times one after the
  /// other, so that a million of them is not handed out again and again.
  std::optional<Duration> admit(SteadyTime now);

  /// It did not leave after all.
  void giveBack();

  /// Starting opens an interval at once.
  void run(bool running, SteadyTime now);
  bool running() const;

  /// Whether an interval begins, for which `grant` says how many may leave; 0 when there is no pace or it is stopped.
  std::uint64_t due(SteadyTime now);
  void grant(std::uint64_t messages);

private:
  const Duration interval_;
  const std::uint64_t batch_;
  mutable std::mutex mutex_;
  bool running_ = false;
  std::uint64_t left_ = 0;     ///< may leave in this interval
  std::uint64_t waiting_ = 0;  ///< told to wait since the interval began
  SteadyTime next_{};          ///< interval
};

}  // namespace penstock
