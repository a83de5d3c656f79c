#pragma once

#include "penstock/provider_webhooks.h"
#include "policy/script_state.h"

namespace penstock {

/// Pushes a provider's request: query, headers by lower-case name, body.
void pushWebhook(lua_State* lua, const WebhookRequest& request);

/// Reads what `inbound` answered, on top of the stack, and pops it: nil, or {messages, reports, answer}. Another shape
/// ends the body as a failure of reason BadAnswer.
void takeReading(lua_State* lua, ScriptState& state, WebhookReading& reading);

}  // namespace penstock
