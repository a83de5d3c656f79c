#pragma once

#include "app/service.h"
#include "app/signals.h"

namespace penstock {

/// Stops the service while listening for a second TERM or INT, which ends the process at once with 128 plus its number.
void drain(Service& service, Signals& signals);

}  // namespace penstock
