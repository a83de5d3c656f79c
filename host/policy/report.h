#pragma once

#include "policy/script_state.h"

#include "penstock/policy.h"

namespace penstock {

/// Makes an event of a delivery report. Equal reports of a provider on one message and status are the same event; those
/// on one message keep their order. A message_id that is no UUID is ignored and counted.
Admission admitReport(const Draft& draft, const ScriptState& state, WallTime now);

}  // namespace penstock
