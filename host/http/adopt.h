#pragma once

#include "http/bind.h"
#include "penstock/http.h"

namespace penstock {

/// Takes a socket that another process has bound and listens on, and shares with this one: connections that wait in its
/// queue when this process ends are the next one's. Operators' unix sockets must be closed to others, as those that
/// bindListener makes are. [throws: StartFailure, of configuration]
Bound adoptListener(ListenerName name, FileDescriptor socket);

}  // namespace penstock
