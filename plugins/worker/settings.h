#pragma once

#include "worker/sender_settings.h"

#include "penstock/config.h"

#include <cstddef>
#include <string>
#include <vector>

namespace penstock {

/// The rows' values.
struct WorkerSettings {
  std::size_t concurrency = 0;
  std::size_t receive = 0;
  Duration lease{};
  Duration wait{};
  Duration drain{};
  Duration first_pause{};
  Duration longest_pause{};
  SenderSettings sending;
  bool autostart = true;

  static WorkerSettings read(const Config& section) {
    return {static_cast<std::size_t>(section.integer("concurrency")),
            static_cast<std::size_t>(section.integer("receive")),
            section.duration("lease"),
            section.duration("wait"),
            section.duration("drain"),
            section.duration("outage.first"),
            section.duration("outage.longest"),
            readSending(section),
            section.boolean("autostart")};
  }

  /// What no single row shows, as sentences.
  static std::vector<std::string> faults(const Config& section) {
    constexpr Duration kShortestInterval = std::chrono::milliseconds(100);
    std::vector<std::string> faults;
    // A lease may begin a wait before its events come, and they are persisted before they are sent.
    constexpr Duration kForPersisting = std::chrono::seconds(1);
    const WorkerSettings settings = read(section);
    if (settings.lease < settings.sending.timeout + settings.sending.margin + settings.wait + kForPersisting)
      faults.emplace_back(
          "worker.lease: must be at least 1s longer than worker.send_timeout, worker.send_margin and worker.wait "
          "together");
    if (settings.sending.interval > Duration::zero() && settings.sending.interval < kShortestInterval)
      faults.emplace_back("worker.interval: must be 0s or at least 100ms");
    return faults;
  }

private:
  static Limit readLimit(const Config& section, const std::string& name) {
    constexpr double kSecondsOfAMinute = 60;
    return {static_cast<double>(section.integer("limit." + name + ".per_minute")) / kSecondsOfAMinute,
            static_cast<std::size_t>(section.integer("limit." + name + ".at_once"))};
  }
  static SenderSettings readSending(const Config& section) {
    return {.in_flight = static_cast<std::size_t>(section.integer("in_flight")),
            .timeout = section.duration("send_timeout"),
            .margin = section.duration("send_margin"),
            .breaker_failures = static_cast<std::uint32_t>(section.integer("breaker.failures")),
            .breaker_rest = section.duration("breaker.rest"),
            .limits = {readLimit(section, "provider"), readLimit(section, "destination"), readLimit(section, "sender"),
                       section.boolean("limit.shared")},
            .interval = section.duration("interval"),
            .batch = static_cast<std::uint64_t>(section.integer("batch"))};
  }
};

}  // namespace penstock
