#pragma once

#include "penstock/providers.h"
#include "policy/script_state.h"

namespace penstock {

/// Each reads the answer of a provider's script on top of the stack and pops it. An answer of another shape ends the
/// body as a failure of reason BadAnswer, so that nothing a message holds can get into a request's head.

/// {method, url, headers, body}; method is POST unless said, headers a table of name and text or list of texts.
OutboundRequest takeRequest(lua_State* lua, ScriptState& state);

/// One of {sent = id}, {not_sent = reason, retryable, retry_after} and {unknown = reason}; `status` is optional.
SendVerdict takeVerdict(lua_State* lua, ScriptState& state);

}  // namespace penstock
