#pragma once

#include "config/raw_value.h"

#include <lua.hpp>

namespace penstock {

/// Reads the table on top of the stack into dotted keys. What cannot be a configuration (functions, mixed or cyclic
/// tables, unreadable names) becomes a fault. May raise a Lua error when memory runs out. The stack is as before.
void readTable(lua_State* lua, Layer& layer, std::vector<std::string>& faults);

}  // namespace penstock
