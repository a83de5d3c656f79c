#pragma once

#include "policy/normal_draft.h"

#include <lua.hpp>

namespace penstock {

/// Pushes the draft as the client sent it: what validate.lua gets.
void pushDraft(lua_State* lua, const Draft& draft, const DraftMembers& members);

/// Puts the normalised values into the draft table on top: what idempotency.lua and conversation.lua get.
void setNormalised(lua_State* lua, const NormalDraft& normal);

}  // namespace penstock
