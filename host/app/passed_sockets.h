#pragma once

#include "http/server.h"

namespace penstock {

/// The sockets that the service manager listens on and has passed to this process (sd_listen_fds(3)), by the names
/// `public` and `admin`. LISTEN_PID must be this process; the variables are removed, and no child gets the sockets.
/// Call once, before threads are started. [throws: StartFailure, of configuration]
ListenerSockets passedSockets();

}  // namespace penstock
