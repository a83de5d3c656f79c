#pragma once

#include "penstock/policy.h"
#include "policy/script_state.h"

#include <optional>
#include <string>
#include <vector>

namespace penstock {

/// Each reads the answer on top of the stack of the script in turn and pops it. An answer of another shape than the
/// script's header promises ends the body as a failure of reason Answer.

/// nil, or a list of {field, message}.
std::vector<Fault> takeFaults(lua_State* lua, ScriptState& state);
/// A text of 1 to `longest` bytes. What a hash is made of may be any bytes, what an event keeps must be clean.
std::string takeText(lua_State* lua, ScriptState& state, std::size_t longest, bool clean);
/// Seconds from 0 to a year, or nil.
std::optional<Duration> takeWait(lua_State* lua, ScriptState& state);

}  // namespace penstock
