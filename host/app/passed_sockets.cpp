#include "app/passed_sockets.h"

#include "penstock/plugin.h"

#include <systemd/sd-daemon.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

namespace penstock {
namespace {

struct Free {
  void operator()(char** names) const {
    for (char** name = names; *name != nullptr; ++name) std::free(*name);
    std::free(names);
  }
};

StartFailure cannotUse(const std::string& what) {
  return StartFailure("cannot use the sockets that the service manager passed: " + what, true);
}

ListenerName listenerOf(std::string_view name) {
  if (name == "public") return ListenerName::Public;
  if (name == "admin") return ListenerName::Admin;
  throw cannotUse("one has another name than public and admin; set FileDescriptorName= in the socket unit");
}

}  // namespace

ListenerSockets passedSockets() {
  char** listed = nullptr;
  const int count = sd_listen_fds_with_names(1, &listed);
  if (count < 0) throw cannotUse(std::generic_category().message(-count) + "; look at LISTEN_FDS and LISTEN_FDNAMES");
  const std::unique_ptr<char*, Free> names(listed);
  ListenerSockets sockets;
  for (int i = 0; i < count; ++i) {
    const std::string_view name = names.get()[i];
    FileDescriptor& place = sockets[static_cast<std::size_t>(listenerOf(name))];
    if (place)
      throw cannotUse("two are named " + std::string(name) + "; pass one, such as [::]:8080 for IPv4 and IPv6");
    place = FileDescriptor(SD_LISTEN_FDS_START + i);
  }
  return sockets;
}

}  // namespace penstock
