#pragma once

#include "penstock/event.h"
#include "penstock/transport.h"

#include <lua.hpp>

#include <cstdint>

namespace penstock {

/// Pushes the message as route.lua and the provider scripts get it; `attempt` 0 is left out.
void pushMessage(lua_State* lua, const Event& event, std::uint32_t attempt);

/// Pushes a provider's answer: status, headers by lower-case name, body, truncated, latency in seconds.
void pushResponse(lua_State* lua, const OutboundResponse& response);

/// What a provider may be given to recognise a repeated request: the same for whatever the store takes for the same
/// message, another one for all else.
std::string providerKey(const Event& event);

}  // namespace penstock
