#include "http/listener.h"

#include "http/answer.h"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace penstock {
namespace {

constexpr int kAcceptsPerTurn = 64;
constexpr int kMostQueued = 4096;  // looked at once more when closing
constexpr std::size_t kAdminConnections = 64;
constexpr std::size_t kMostRefusing = 256;  // over the cap, waiting for the client to read its 503
constexpr std::chrono::milliseconds kPause{100};
constexpr std::chrono::seconds kComplaintInterval{10};

FileDescriptor makeReserve() { return FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

std::string peerName(const sockaddr_storage& address) {
  namespace ip = boost::asio::ip;
  if (address.ss_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(address);
    return ip::address_v4(ntohl(four.sin_addr.s_addr)).to_string();
  }
  if (address.ss_family != AF_INET6) return "unix";
  const auto& six = reinterpret_cast<const sockaddr_in6&>(address);
  ip::address_v6::bytes_type bytes;
  std::copy(std::begin(six.sin6_addr.s6_addr), std::end(six.sin6_addr.s6_addr), bytes.begin());
  const ip::address_v6 found(bytes);
  return found.is_v4_mapped() ? ip::make_address_v4(ip::v4_mapped, found).to_string() : found.to_string();
}

bool outOfDescriptors(int error) { return error == EMFILE || error == ENFILE; }

bool concernsOneConnection(int error) {
  // Errors of the network that Linux passes through accept (accept(2)).
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
      return true;
    default:
      return false;
  }
}

}  // namespace

Listener::Listener(ListenerName name, Bound bound, Site& site, std::vector<std::unique_ptr<Loop>>& loops)
    : name_(name),
      site_(site),
      loops_(loops),
      family_(bound.family),
      port_(bound.port),
      place_(std::move(bound.place)),
      inherited_(bound.inherited),
      reserve_(makeReserve()),
      socket_(loops.front()->context()),
      pause_(loops.front()->context()),
      cap_(name == ListenerName::Public ? site.options.max_connections : kAdminConnections) {
  socket_.assign(bound.socket.release());
}

Listener::~Listener() {
  if (family_ == AF_UNIX && !inherited_) ::unlink(place_.c_str());
}

void Listener::await() {
  socket_.async_wait(Socket::wait_read, [this](const boost::system::error_code& failure) {
    if (!failure && socket_.is_open()) ready();
  });
}

void Listener::pause() {
  pause_.expires_after(kPause);
  pause_.async_wait([this](const boost::system::error_code& failure) {
    if (!failure && socket_.is_open()) await();
  });
}

void Listener::ready() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    switch (acceptOne()) {
      case Next::More:
        break;
      case Next::Empty:
        return await();
      case Next::Pause:
        return pause();
    }
  }
  await();
}

Listener::Next Listener::acceptOne() {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  FileDescriptor accepted(
      ::accept4(socket_.native_handle(), reinterpret_cast<sockaddr*>(&address), &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (accepted) {
    deal(std::move(accepted), peerName(address));
    return Next::More;
  }
  if (errno == EAGAIN || errno == EWOULDBLOCK) return Next::Empty;
  if (outOfDescriptors(errno)) return shed();
  return concernsOneConnection(errno) ? Next::More : Next::Pause;
}

void Listener::deal(FileDescriptor socket, std::string peer) {
  const bool admitted = site_.census[static_cast<std::size_t>(name_)].open() < cap_;
  if (!admitted) {
    complain("http.connection_cap", "The most connections that http.max_connections allows are open; more get 503.");
    if (site_.refusing >= kMostRefusing) return;
  }
  if (family_ != AF_UNIX) {
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  site_.entered(name_, admitted);
  Loop& loop = *loops_[dealt_++ % loops_.size()];
  if (&loop == loops_.front().get()) return loop.adopt(std::move(socket), family_, name_, std::move(peer), admitted);
  boost::asio::post(loop.context(),
                    [&loop, socket = std::move(socket), family = family_, name = name_, peer = std::move(peer),
                     admitted]() mutable { loop.adopt(std::move(socket), family, name, std::move(peer), admitted); });
}

/// There is no descriptor left: gives up the reserve to accept one client and tell it so.
Listener::Next Listener::shed() {
  complain("http.no_descriptors",
           "There are no file descriptors left; raise LimitNOFILE or lower http.max_connections.");
  if (!reserve_) reserve_ = makeReserve();
  if (!reserve_) return Next::Pause;
  reserve_.reset();
  FileDescriptor accepted(::accept4(socket_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!accepted) {
    const bool empty = errno == EAGAIN;
    reserve_ = makeReserve();
    return empty ? Next::Empty : Next::Pause;
  }
  constexpr RefusalCode kCode = RefusalCode::TooManyConnections;
  const RefusalKind& kind = Refusal{kCode, {}, {}}.kind();
  std::string id;
  loops_.front()->ids().make(id);
  std::string bytes;
  AnswerFrame frame;
  frame.date = loops_.front()->date();
  frame.request_id = id;
  frame.close = true;
  Problem problem{kind.status, kind.word, "There are too many connections; try again shortly.", {}, {}};
  problem.retry_after = kind.retry_after;
  site_.metrics.response(write(bytes, frame, problem)).add();
  site_.metrics.refused(kCode).add();
  ::send(accepted.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::shutdown(accepted.get(), SHUT_WR);
  ::recv(accepted.get(), loops_.front()->waste().data(), loops_.front()->waste().size(), MSG_DONTWAIT);
  accepted.reset();
  reserve_ = makeReserve();
  return Next::More;
}

void Listener::complain(std::string_view event, std::string_view sentence) {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (now - last_complaint_ < kComplaintInterval) return;
  last_complaint_ = now;
  site_.log.warning(event, sentence, {{"listener", place_}});
}

void Listener::close() noexcept {
  if (!socket_.is_open()) return;
  for (int i = 0; !inherited_ && i < kMostQueued && acceptOne() == Next::More; ++i) continue;
  boost::system::error_code ignored;
  socket_.close(ignored);
  pause_.cancel();
}

}  // namespace penstock
