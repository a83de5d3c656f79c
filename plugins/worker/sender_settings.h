#pragma once

#include "penstock/time.h"

#include <cstddef>
#include <cstdint>

namespace penstock {

/// At most so many a second and so many at once; 0 bounds nothing.
struct Limit {
  double rate = 0;
  std::size_t concurrency = 0;

  bool operator==(const Limit&) const = default;
};

struct LimitSettings {
  Limit provider;
  Limit destination;
  Limit sender;
  bool shared = false;  ///< rates are those of all processes on one store together
};

struct SenderSettings {
  std::size_t in_flight = 0;  ///< messages on their way at once
  Duration timeout{};         ///< of one send, answer included
  Duration margin{};          ///< of the lease, kept for recording and settling
  std::uint32_t breaker_failures = 0;
  Duration breaker_rest{};
  LimitSettings limits;
  Duration interval{};
  std::uint64_t batch = 0;
};

}  // namespace penstock
