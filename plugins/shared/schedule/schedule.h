#pragma once

#include "penstock/control.h"
#include "penstock/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::schedule {

/// What the processes on one store know together about sending: whether it runs, which anybody may say, and how it is
/// paced, which those with a worker say. Both are values of penstock.control/1. [any thread]
inline constexpr std::string_view kStateName = "scheduler.state";
inline constexpr std::string_view kSettingsName = "scheduler.settings";

/// Whether messages are sent. Each start from stopped has another number than the one before, by which the tokens of
/// its pace are named; the numbers come round again.
struct State {
  bool running = true;
  std::uint32_t starts = 0;
  bool operator==(const State&) const = default;
};

inline constexpr std::uint32_t kStarts = 64;

/// What follows when somebody starts or stops.
State started(State state);
State stopped(State state);

std::string toText(const State& state);
/// What cannot be read is stopped: nobody knows whether sending is wanted.
State readState(std::string_view text);

/// How a worker is configured.
struct Settings {
  std::string interval;  ///< as text, such as 2m
  std::uint64_t batch = 0;
  bool autostart = true;
  bool operator==(const Settings&) const = default;
};

std::string toText(const Settings& settings);
std::optional<Settings> readSettings(std::string_view text);

/// What rules when nobody has started or stopped it yet: the last worker's autostart.
State assumed(const std::optional<Settings>& settings);

/// As the configuration writes it: in the greatest unit that leaves a whole number; 0 as 0s.
std::string durationText(Duration duration);

}  // namespace penstock::schedule
