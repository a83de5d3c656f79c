#pragma once

#include "app/notify.h"
#include "app/service.h"
#include "app/signals.h"

namespace penstock {

/// Starts the service while asking the service manager for time, for as long as that takes. A TERM or INT is heard when
/// it has started; a second one ends the process at once with 128 plus its number. [throws: as Service::start]
void begin(Service& service, Signals& signals, Notify& notify);

}  // namespace penstock
