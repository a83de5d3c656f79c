#pragma once

#include "http-transport/guard.h"
#include "http-transport/loop.h"
#include "http-transport/metrics.h"
#include "http-transport/resolver.h"

#include "penstock/config.h"
#include "penstock/transport.h"

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

namespace penstock::http_transport {

/// The rows' values, read and checked.
struct Settings {
  HostList allowed;
  std::set<std::uint16_t> ports;
  std::size_t threads = 1;
  std::size_t max_in_flight = 0;
  std::size_t max_idle = 0;
  TransferSettings transfers;
  Duration dns_memory{};
  Duration dns_failure_memory{};
  std::size_t dns_threads = 1;
  std::optional<Proxy> proxy;
  std::optional<Address> proxy_address;
  HostList direct;

  /// [throws: StartFailure with every fault]
  static Settings read(const Config& section);
};

/// Requests over HTTP, to where the guard lets them go.
class HttpTransport final : public Transport {
public:
  HttpTransport(Settings settings, Lookup lookup, Metrics& metrics, Clock& clock, HealthBoard& board, const Log& log);
  ~HttpTransport() override { stop(); }

  void send(OutboundRequest request, SteadyTime deadline, SendHandler handler) override;

  /// Answers what is in flight and ends all threads.
  void stop() noexcept;

private:
  SendHandler counted(SendHandler handler);
  void refuse(SendHandler& handler, SendFault fault, std::string sentence, SteadyTime sent);

  const Settings settings_;
  Instruments instruments_;
  Clock& clock_;
  Log log_;
  const Guard guard_;
  std::atomic<std::uint64_t> last_id_{0};
  std::atomic<std::size_t> in_flight_{0};
  Resolver resolver_;
  const Surroundings around_;
  std::vector<std::unique_ptr<Loop>> loops_;
};

}  // namespace penstock::http_transport
