#pragma once

#include "penstock/store.h"
#include "penstock/unique_function.h"

#include <span>
#include <string>
#include <vector>

namespace penstock {

/// How persisting one event ended.
struct PersistOutcome {
  enum class Kind {
    Kept,       ///< `persisted` is the store's answer
    Rejected,   ///< alone in its transaction, and the store will never take it
    Failed,     ///< alone in its transaction, and something else went wrong
    StoreAway,  ///< the store did not answer; the event was not the cause
    OutOfTime,  ///< not tried to the end: the time for stopping, or the lease, runs out
  };
  Kind kind = Kind::OutOfTime;
  Persisted persisted;
  std::string reason;  ///< for all but Kept
};

/// Persists the events in one transaction. A span that is refused is halved until the event at fault stands alone, so
/// that it takes nobody with it. `out_of_time` is asked before each transaction. One outcome per event, in order.
std::vector<PersistOutcome> persistIsolating(Store& store, std::span<const Event> events,
                                             UniqueFunction<bool()>& out_of_time);

}  // namespace penstock
