#pragma once

#include "penstock/time.h"

#include <chrono>

namespace penstock::pg_queue {

/// A time as the statements have it.
inline double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }
inline Duration fromSeconds(double value) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(value));
}

}  // namespace penstock::pg_queue
