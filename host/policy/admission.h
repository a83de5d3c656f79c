#pragma once

#include "policy/script_state.h"

#include "penstock/policy.h"

#include <optional>

namespace penstock {

/// Validates the draft, derives key, fingerprint and conversation, and makes the event. When a script failed the
/// verdict is Failed and `failure` says why.
Admission admit(const Draft& draft, ScriptState& state, WallTime now, std::optional<ScriptFailure>& failure);

}  // namespace penstock
