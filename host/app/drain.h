#pragma once

#include "app/notify.h"
#include "app/service.h"
#include "app/signals.h"

namespace penstock {

/// Stops the service while listening for a second TERM or INT, which ends the process at once with 128 plus its number.
/// The service manager is told, and its watchdog fed.
void drain(Service& service, Signals& signals, Notify& notify);

}  // namespace penstock
