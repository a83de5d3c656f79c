#pragma once

#include "http/file_descriptor.h"
#include "http/options.h"

#include <string>

namespace penstock {

/// A socket that listens, non-blocking.
struct Bound {
  FileDescriptor socket;
  int family = 0;
  std::uint16_t port = 0;  ///< the real one; 0 for a unix socket
  std::string place;       ///< address:port or path, for people
  bool inherited = false;  ///< another process keeps it too, and listens on when this one has closed it
};

/// Binds and listens. `section` names the configuration keys in what it says, such as http.public. A unix socket whose
/// owner is gone is replaced; its mode is 0600 before anybody can connect. [throws: StartFailure]
Bound bindListener(const ListenerOptions& options, const std::string& section);

}  // namespace penstock
