#pragma once

#include "http/listener.h"
#include "http/loop.h"
#include "http/options.h"
#include "http/site.h"
#include "penstock/health.h"
#include "penstock/http.h"
#include "penstock/log.h"
#include "penstock/metrics.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace penstock {

/// penstock.http/1: the host's listeners. One thread calls, except handlers and responders.
///
///     HttpServer server(options, metrics, log, health);
///     server.add(route);      // all of them
///     server.open();
///     server.drain(deadline);
///     server.close();         // before what the handlers use is gone
class HttpServer final : public Http {
public:
  HttpServer(HttpOptions options, Metrics& metrics, Log log, HealthBoard& health);
  ~HttpServer() override { close(); }

  /// [throws: std::invalid_argument; std::logic_error once open]
  void add(Route route) override;

  /// Binds, and starts the loops. [throws: StartFailure, a sentence with the place and the cure]
  void open();

  /// Where a listener is, for people; empty: nowhere.
  std::string place(ListenerName name) const;

  /// The real port of a listener, for port 0; 0 for a unix socket or none.
  std::uint16_t port(ListenerName name) const;

  /// Accepts no more, answers what is in flight with Connection: close, closes idle connections, and refuses new
  /// requests on open ones with 503, except on routes served during a drain. Returns when every connection is
  /// answered, or at the deadline. [blocks]
  void drain(SteadyTime deadline);

  /// Closes every connection and ends the threads. Afterwards no handler runs, and answers are dropped. [blocks: until
  /// running handlers return]
  void close() noexcept;

private:
  void bind();
  void collect();

  std::unique_ptr<Site> site_;
  Metrics& metrics_;
  HealthBoard& health_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::array<std::unique_ptr<Listener>, 2> listeners_;  ///< by ListenerName
  std::unique_ptr<Collection> collection_;
};

}  // namespace penstock
