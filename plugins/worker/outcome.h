#pragma once

#include "worker/isolate.h"

#include "penstock/policy.h"
#include "penstock/queue.h"

#include <variant>

namespace penstock {

/// What becomes of an event after an attempt: Done when it was kept, Dead when the store will never take it or policy
/// gives up, RetryAfter when policy says when, Release when the event was not the cause. `age`: of the event.
std::variant<Done, RetryAfter, Dead, Release> conclude(const PersistOutcome& outcome, const Event& event,
                                                       std::uint32_t attempt, Duration age, Policy& policy);

/// A reason as it is kept: at most 500 bytes, cut where a character starts.
std::string shortened(const std::string& reason);

}  // namespace penstock
