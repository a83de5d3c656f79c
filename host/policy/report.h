#pragma once

#include "policy/script_state.h"

#include "penstock/policy.h"

namespace penstock {

/// Makes an event of a delivery report. Equal reports of a provider on one message and status are the same event; those
/// on one message keep their order.
Admission admitReport(const Draft& draft, const Digest128& policy, WallTime now);

}  // namespace penstock
