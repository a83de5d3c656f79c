#include "http/adopt.h"

#include "penstock/plugin.h"

#include <boost/asio/ip/address.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <system_error>

namespace penstock {
namespace {

constexpr std::string_view kNames[] = {"public", "admin"};  // by ListenerName

StartFailure cannotTake(ListenerName name, const std::string& why) {
  return StartFailure("http: cannot take the socket " + std::string(kNames[static_cast<std::size_t>(name)]) +
                          " that was passed: " + why,
                      true);
}

int option(const FileDescriptor& socket, int which) {
  int value = 0;
  socklen_t length = sizeof value;
  return ::getsockopt(socket.get(), SOL_SOCKET, which, &value, &length) == 0 ? value : -1;
}

std::string pathOf(const sockaddr_un& name, socklen_t length) {
  const auto size = static_cast<std::size_t>(length) - std::min<std::size_t>(length, offsetof(sockaddr_un, sun_path));
  const std::string_view path(name.sun_path, std::min(size, sizeof name.sun_path));
  if (path.empty() || path.front() == '\0') return {};  // unnamed or abstract
  return std::string(path.substr(0, path.find('\0')));
}

void requirePrivate(const std::string& path) {
  struct stat found {};
  if (path.empty()) throw cannotTake(ListenerName::Admin, "it has no path whose mode could keep others out");
  if (::stat(path.c_str(), &found) != 0)
    throw cannotTake(ListenerName::Admin, path + ": " + std::generic_category().message(errno));
  if ((found.st_mode & S_IWOTH) != 0)
    throw cannotTake(ListenerName::Admin, path + " is open to everybody; set SocketMode=0600 in the socket unit");
}

}  // namespace

Bound adoptListener(ListenerName name, FileDescriptor socket) {
  namespace ip = boost::asio::ip;
  Bound bound;
  bound.inherited = true;
  bound.family = option(socket, SO_DOMAIN);
  const bool known = bound.family == AF_INET || bound.family == AF_INET6 || bound.family == AF_UNIX;
  if (!known || option(socket, SO_TYPE) != SOCK_STREAM || option(socket, SO_ACCEPTCONN) != 1)
    throw cannotTake(name, "it is no TCP or unix stream socket that listens; use ListenStream= with Accept=no");
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  const int flags = ::fcntl(socket.get(), F_GETFL);
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0 || flags < 0 ||
      ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0 || ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC) != 0)
    throw cannotTake(name, std::generic_category().message(errno));
  if (bound.family == AF_UNIX) {
    bound.place = pathOf(reinterpret_cast<const sockaddr_un&>(address), length);
    if (name == ListenerName::Admin) requirePrivate(bound.place);
    if (bound.place.empty()) bound.place = "a unix socket without a path";
  } else if (bound.family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(address);
    bound.port = ntohs(four.sin_port);
    bound.place = ip::address_v4(ntohl(four.sin_addr.s_addr)).to_string() + ":" + std::to_string(bound.port);
  } else {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(address);
    ip::address_v6::bytes_type bytes;
    std::copy(std::begin(six.sin6_addr.s6_addr), std::end(six.sin6_addr.s6_addr), bytes.begin());
    bound.port = ntohs(six.sin6_port);
    bound.place = "[" + ip::address_v6(bytes).to_string() + "]:" + std::to_string(bound.port);
  }
  bound.socket = std::move(socket);
  return bound;
}

}  // namespace penstock
