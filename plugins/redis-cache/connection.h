#pragma once

#include "penstock/clock.h"
#include "redis-cache/reply.h"
#include "redis-cache/settings.h"

#include <Poco/Net/Context.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace penstock::redis_cache {

/// What every connection to the server is opened with.
class Connector {
public:
  /// [throws: StartFailure of the configuration when the certificate authorities cannot be read]
  explicit Connector(const Settings& settings);

  /// A connected socket, TLS agreed on. Tries one address of the server after the other.
  /// [blocks: to the connect timeout for each address, and for the lookup of its name] [throws: Fault]
  Poco::Net::StreamSocket open() const;

private:
  std::vector<Poco::Net::SocketAddress> addresses() const;
  Poco::Net::StreamSocket open(const Poco::Net::SocketAddress& address) const;

  const Settings& settings_;
  Poco::Net::Context::Ptr tls_;
};

/// A session with the server: signed in, its database chosen. After a Fault it must be dropped, because it is not known
/// which answers are still to come. [one thread at a time]
class Connection {
public:
  /// [blocks: as Connector::open, then to the timeout] [throws: Fault]
  Connection(const Connector& connector, const Settings& settings, Clock& clock);

  /// Sends commands as Redis reads them and gets as many answers as there are commands, by `deadline` of the clock. An
  /// answer may be an error. [blocks] [throws: Fault]
  std::vector<Reply> exchange(const std::string& commands, std::size_t answers, SteadyTime deadline);

private:
  void enter(const Settings& settings);
  void send(std::string_view bytes);
  std::size_t receive(std::span<char> room);
  Duration left() const;

  Clock& clock_;
  Poco::Net::StreamSocket socket_;
  SteadyTime deadline_{};
  ReplyReader replies_;
};

/// A server's error as the end of a sentence: what its first word means, nothing of what follows it.
std::string meaning(const Reply& error);

}  // namespace penstock::redis_cache
