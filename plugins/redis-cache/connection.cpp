#include "redis-cache/connection.h"

#include "penstock/plugin.h"
#include "redis-cache/config.h"
#include "redis-cache/fault.h"

#include <Poco/Exception.h>
#include <Poco/Net/DNS.h>
#include <Poco/Net/HostEntry.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Redis/Command.h>
#include <Poco/Timespan.h>

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace penstock::redis_cache {

namespace {

namespace net = Poco::Net;
using Poco::Redis::Command;

/// Poco reads 0 as "for ever".
Poco::Timespan timespan(Duration time) { return {std::max<Duration::rep>(time.count(), 1000)}; }

/// Lets OpenSSL compare the certificate with the name or address. Poco would look up the names in a certificate and
/// take one for an address that any of them happens to have.
void verifyName(net::Context& context, const std::string& host) {
  context.enableExtendedCertificateVerification(false);
  X509_VERIFY_PARAM* parameters = SSL_CTX_get0_param(context.sslContext());
  if (X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str()) == 1) return;
  if (X509_VERIFY_PARAM_set1_host(parameters, host.c_str(), host.size()) != 1)
    throw Poco::InvalidArgumentException("the host's name cannot be compared with a certificate");
}

/// What follows a code may quote what was sent, password included.
std::string_view code(std::string_view text) {
  constexpr std::size_t kLongest = 20;
  const std::string_view word = text.substr(0, text.find(' '));
  const bool sane = !word.empty() && word.size() <= kLongest &&
                    std::ranges::all_of(word, [](char c) { return c >= 'A' && c <= 'Z'; });
  return sane ? word : "of its own";
}

}  // namespace

std::string meaning(const Reply& error) {
  static const std::map<std::string_view, std::string_view> kMeanings{
      {"NOAUTH", "it wants a password"},
      {"WRONGPASS", "it refuses the user or the password"},
      {"NOPERM", "its user may not do what the cache does"},
      {"OOM", "its memory is full"},
      {"LOADING", "it is still loading what it keeps"},
      {"READONLY", "it is a replica, which takes no writes"},
      {"MISCONF", "it takes no writes because it cannot save them"},
      {"MOVED", "it is part of a cluster, which is not supported"},
      {"CLUSTERDOWN", "it is part of a cluster, which is not supported"},
  };
  const std::string_view word = code(error.text);
  const auto found = kMeanings.find(word);
  if (found != kMeanings.end()) return std::string(found->second);
  return "it answers with an error " + std::string(word);
}

Connector::Connector(const Settings& settings) : settings_(settings) {
  if (!settings.url.tls) return;
  try {
    tls_ = new net::Context(net::Context::TLS_CLIENT_USE, settings.ca_file, net::Context::VERIFY_STRICT, 9,
                            settings.ca_file.empty());
    tls_->requireMinimumProtocol(net::Context::PROTO_TLSV1_2);
    verifyName(*tls_, settings.url.host);
  } catch (const Poco::Exception& fault) {
    throw StartFailure("redis-cache." + std::string(row::kCaFile) + " cannot be used: " + fault.displayText(), true);
  }
}

std::vector<net::SocketAddress> Connector::addresses() const {
  const Url& url = settings_.url;
  if (!url.socket.empty()) return {net::SocketAddress(net::SocketAddress::UNIX_LOCAL, url.socket)};
  std::vector<net::SocketAddress> found;
  const net::HostEntry host = net::DNS::resolve(url.host);
  for (const net::IPAddress& address : host.addresses()) found.emplace_back(address, url.port);
  return found;
}

net::StreamSocket Connector::open(const net::SocketAddress& address) const {
  if (!tls_) {
    net::StreamSocket socket;
    socket.connect(address, timespan(settings_.connect_timeout));
    return socket;
  }
  net::SecureStreamSocket socket(tls_);
  socket.setPeerHostName(settings_.url.host);
  socket.connect(address, timespan(settings_.connect_timeout));
  return socket;
}

net::StreamSocket Connector::open() const {
  std::optional<Fault> last;
  try {
    for (const net::SocketAddress& address : addresses()) try {
        net::StreamSocket socket = open(address);
        if (settings_.url.socket.empty()) socket.setNoDelay(true);
        return socket;
      } catch (const Poco::TimeoutException&) {
        last.emplace(FaultKind::Unreachable, "connecting to it takes too long");
      } catch (const Poco::Exception& fault) {
        last.emplace(FaultKind::Unreachable, fault.displayText());
      }
  } catch (const Poco::Exception& fault) {
    throw Fault(FaultKind::Unreachable, fault.displayText());
  }
  if (last) throw *last;
  throw Fault(FaultKind::Unreachable, "its name has no address");
}

Connection::Connection(const Connector& connector, const Settings& settings, Clock& clock)
    : clock_(clock), socket_(connector.open()), replies_([this](std::span<char> room) { return receive(room); }) {
  enter(settings);
}

void Connection::enter(const Settings& settings) {
  std::vector<Command> commands;
  if (!settings.url.password.empty()) {
    Command& auth = commands.emplace_back("AUTH");
    if (!settings.url.user.empty()) auth << settings.url.user;
    auth << settings.url.password.reveal();
  }
  if (settings.url.database != 0) {
    Command& select = commands.emplace_back("SELECT");
    select << std::to_string(settings.url.database);
  }
  commands.push_back(Command::ping());
  std::string bytes;
  for (const Command& command : commands) bytes += command.toString();
  for (const Reply& reply : exchange(bytes, commands.size(), clock_.now() + settings.timeout)) {
    if (reply.isError()) throw Fault(FaultKind::Refused, meaning(reply));
    if (reply.kind != Reply::Kind::Status) throw Fault(FaultKind::Garbage, "it answers a greeting with something else");
  }
}

std::vector<Reply> Connection::exchange(const std::string& commands, std::size_t answers, SteadyTime deadline) {
  deadline_ = deadline;
  std::vector<Reply> replies;
  try {
    send(commands);
    while (replies.size() < answers) replies.push_back(replies_.next());
  } catch (const Poco::TimeoutException&) {
    throw Fault(FaultKind::TimedOut, "it does not answer in time");
  } catch (const Poco::Exception& fault) {
    throw Fault(FaultKind::Broken, fault.displayText());
  }
  return replies;
}

Duration Connection::left() const {
  const auto time = std::chrono::floor<Duration>(deadline_ - clock_.now());
  if (time <= Duration::zero()) throw Poco::TimeoutException();
  return time;
}

void Connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    socket_.setSendTimeout(timespan(left()));
    const int sent = socket_.sendBytes(bytes.data(), static_cast<int>(bytes.size()));
    if (sent <= 0) throw Fault(FaultKind::Broken, "the connection ended");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::size_t Connection::receive(std::span<char> room) {
  socket_.setReceiveTimeout(timespan(left()));
  const int received = socket_.receiveBytes(room.data(), static_cast<int>(room.size()));
  if (received <= 0) throw Fault(FaultKind::Broken, "the connection ended");
  return static_cast<std::size_t>(received);
}

}  // namespace penstock::redis_cache
