#pragma once

#include "penstock/queue.h"
#include "penstock/store.h"

namespace penstock {

/// The end of an event that the queue has condemned. Its message, if the store has it, is noted to be dead, or unknown
/// when an attempt had begun whose end nobody knows; what was sent meanwhile is done. A store that does not answer is
/// asked again later. Content and scripts are not touched. `now`: by the host's wall clock.
/// [any thread] [blocks: two transactions]
Settlement endOf(const Delivery& condemned, Store& store, WallTime now);

}  // namespace penstock
