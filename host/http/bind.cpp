#include "http/bind.h"

#include "penstock/plugin.h"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace penstock {
namespace {

constexpr int kBacklog = 4096;

std::string reason(int error) { return std::generic_category().message(error); }

StartFailure cannotListen(const Bound& bound, const std::string& why) {
  return StartFailure("http: cannot listen on " + bound.place + ": " + why);
}

std::string cure(int error, const std::string& section) {
  switch (error) {
    case EADDRINUSE:
      return "the port is taken; stop the other program, or set " + section + ".port";
    case EACCES:
      return "ports below 1024 need a privilege (CAP_NET_BIND_SERVICE); set " + section + ".port to a higher one";
    case EADDRNOTAVAIL:
      return "this machine has no such address; set " + section + ".address";
    default:
      return reason(error);
  }
}

FileDescriptor open(int family, const Bound& bound) {
  FileDescriptor socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) throw cannotListen(bound, reason(errno));
  return socket;
}

Bound bindTcp(const ListenerOptions& options, const std::string& section) {
  namespace ip = boost::asio::ip;
  boost::system::error_code unreadable;
  const ip::address address = ip::make_address(options.address, unreadable);
  if (unreadable)
    throw StartFailure("http: " + section + ".address = \"" + options.address +
                           "\": expected an IP address such as 127.0.0.1, 0.0.0.0 or ::",
                       true);
  ip::tcp::endpoint endpoint(address, options.port);
  Bound bound;
  bound.place = (address.is_v6() ? "[" + options.address + "]" : options.address) + ":" + std::to_string(options.port);
  bound.family = endpoint.protocol().family();
  bound.socket = open(bound.family, bound);
  const int on = 1;
  const int off = 0;
  // Not SO_REUSEPORT: with it a second service on the same port would silently take half of the connections.
  ::setsockopt(bound.socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.is_v6()) ::setsockopt(bound.socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (::bind(bound.socket.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0 ||
      ::listen(bound.socket.get(), kBacklog) != 0)
    throw cannotListen(bound, cure(errno, section));
  auto length = static_cast<socklen_t>(endpoint.capacity());
  if (::getsockname(bound.socket.get(), endpoint.data(), &length) != 0) throw cannotListen(bound, reason(errno));
  bound.port = endpoint.port();
  bound.place = bound.place.substr(0, bound.place.rfind(':') + 1) + std::to_string(bound.port);
  return bound;
}

bool answers(const sockaddr_un& name) {
  const FileDescriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return probe && ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0;
}

Bound bindUnix(const std::string& path, const std::string& section) {
  Bound bound;
  bound.place = path;
  bound.family = AF_UNIX;
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.size() >= sizeof name.sun_path)
    throw StartFailure("http: " + section + ".socket = \"" + path + "\": expected a path of at most " +
                           std::to_string(sizeof name.sun_path - 1) + " bytes",
                       true);
  std::memcpy(name.sun_path, path.data(), path.size());
  struct stat found {};
  if (::lstat(path.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode))
      throw cannotListen(bound, "something that is no socket is there; remove it or set " + section + ".socket");
    if (answers(name))
      throw cannotListen(bound, "another service answers there; stop it or set " + section + ".socket");
    ::unlink(path.c_str());
  }
  bound.socket = open(AF_UNIX, bound);
  // The mode is set between bind and listen: until listen nobody can connect.
  if (::bind(bound.socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 ||
      ::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0 || ::listen(bound.socket.get(), kBacklog) != 0)
    throw cannotListen(bound,
                       reason(errno) + "; set " + section + ".socket to a path in a folder of the service's own");
  return bound;
}

}  // namespace

Bound bindListener(const ListenerOptions& options, const std::string& section) {
  return options.unix_path.empty() ? bindTcp(options, section) : bindUnix(options.unix_path, section);
}

}  // namespace penstock
