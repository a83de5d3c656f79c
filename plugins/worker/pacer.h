#pragma once

#include "penstock/time.h"

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

namespace penstock {

/// When messages may leave: whenever they come, so many in each interval, or not at all. Only sending is paced; the
/// rest of the way is not. It grants nothing by itself: what messages ask for is `demand`, and what the store lets this
/// process have of it comes back through `grant`. So a process without messages takes nothing from the others.
/// [any thread]
class Pacer {
public:
  /// `interval` 0: no pace. `batch`: in each interval. It is stopped at first.
  Pacer(Duration interval, std::uint64_t batch) : interval_(interval), batch_(batch) {}

  /// Nothing when a message may leave now; otherwise when to ask again. Those that wait are told times one after the
  /// other, so that a million of them is not handed out again and again.
  std::optional<Duration> admit(SteadyTime now);

  /// It did not leave after all.
  void giveBack();

  /// Starting opens an interval at once, also when it ran before.
  void run(bool running);
  bool running() const;

  /// Called when there is something to ask for; must not block or call back. An empty one ends it.
  void onDemand(std::function<void()> asked);

  /// How many messages have asked since the last time; 0 when there is no pace or it is stopped. Each such answer is
  /// followed by a `grant`.
  std::uint64_t demand();

  /// So many may leave; before `reopens` there is nothing more to ask for.
  void grant(std::uint64_t messages, SteadyTime now, SteadyTime reopens);

private:
  void roll(SteadyTime now);
  Duration later(SteadyTime now);
  Duration shortest(SteadyTime now);
  Duration slot(SteadyTime now, Duration step, Duration longest);

  const Duration interval_;
  const std::uint64_t batch_;
  mutable std::mutex mutex_;
  std::function<void()> asked_call_;
  bool running_ = false;
  bool asking_ = false;      ///< between demand and grant
  std::uint64_t asked_ = 0;  ///< messages, since the last demand
  SteadyTime asked_since_{};
  std::uint64_t soon_ = 0;           ///< told to come back soon while it asks
  std::uint64_t granted_ = 0;        ///< in this interval
  std::uint64_t left_ = 0;           ///< of those
  std::uint64_t promised_ = 0;       ///< told to come when it opens again
  std::optional<SteadyTime> begun_;  ///< this interval
  SteadyTime reopens_{};
  std::optional<SteadyTime> waiting_since_;
  SteadyTime next_slot_{};  ///< for those that wait
};

}  // namespace penstock
