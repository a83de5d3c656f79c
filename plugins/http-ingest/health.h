#pragma once

#include "penstock/health.h"
#include "penstock/http.h"

namespace penstock {

/// Whether the loops advance: 200, or 503 that names those that do not. [any thread] [does not block]
void answerLive(HealthBoard& board, Responder responder);

/// Whether requests can be accepted now: 200 {"status":"ok"}, 200 {"status":"degraded"} with what hurts, or 503 that
/// names what is missing. [any thread] [does not block]
void answerReady(HealthBoard& board, Responder responder);

}  // namespace penstock
