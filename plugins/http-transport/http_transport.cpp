#include "http-transport/http_transport.h"

#include "penstock/plugin.h"

#include <unistd.h>
#include <algorithm>
#include <charconv>
#include <functional>
#include <new>

namespace penstock::http_transport {
namespace {

/// A sentence for each line, as all faults of a start are told at once.
std::string joined(const std::vector<std::string>& faults) {
  std::string all;
  for (const std::string& fault : faults) all += (all.empty() ? "" : "\n") + fault;
  return all;
}

HostList readHosts(const Config& section, const std::string& key, std::vector<std::string>& faults) {
  std::vector<std::string> wrong;
  const auto entries = section.list(key);
  HostList hosts(entries, wrong);
  for (const std::string& fault : wrong) faults.push_back("http-transport." + key + " has " + fault);
  return hosts;
}

std::set<std::uint16_t> readPorts(const Config& section, std::vector<std::string>& faults) {
  std::set<std::uint16_t> ports;
  for (const std::string& text : section.list("ports")) {
    if (const auto port = parsePort(text))
      ports.insert(*port);
    else
      faults.push_back("http-transport.ports has \"" + text + "\": expected a number from 1 to 65535");
  }
  return ports;
}

void readProxy(const Config& section, Settings& settings, std::vector<std::string>& faults) {
  const std::string url = section.text("proxy.url");
  const std::string user = section.text("proxy.user");
  Secret password = section.secret("proxy.password");
  // RFC 7617, section 2: the first colon ends the user's name.
  if (user.find(':') != std::string::npos) faults.push_back("http-transport.proxy.user must not have a colon");
  if (user.empty() && !password.empty()) faults.push_back("http-transport.proxy.password needs proxy.user");
  if (url.empty() && !user.empty()) faults.push_back("http-transport.proxy.user needs proxy.url");
  if (url.empty()) return;
  try {
    const Target target = Target::parse(url);
    if (target.path != "/") throw MalformedUrl("the URL has a path");
    settings.proxy = Proxy{target.host, target.port, (target.secure ? "https://" : "http://") + target.authority(),
                           user, std::move(password)};
    settings.proxy_address = target.address;
  } catch (const MalformedUrl& fault) {
    faults.push_back("http-transport.proxy.url: " + std::string(fault.what()) +
                     "; expected such as http://proxy.example:3128");
  }
}

std::size_t count(const Config& section, std::string_view key) {
  return static_cast<std::size_t>(section.integer(key));
}

}  // namespace

Settings Settings::read(const Config& section) {
  std::vector<std::string> faults;
  Settings settings{.allowed = readHosts(section, "allow", faults),
                    .ports = readPorts(section, faults),
                    .threads = count(section, "threads"),
                    .max_in_flight = count(section, "max_in_flight"),
                    .max_idle = count(section, "max_idle"),
                    .transfers = {section.duration("connect_timeout"), section.duration("idle_timeout"),
                                  section.size("max_response"), trustedFile(section.text("ca_file"))},
                    .dns_memory = section.duration("dns.cache"),
                    .dns_failure_memory = section.duration("dns.failures"),
                    .dns_threads = count(section, "dns.threads"),
                    .proxy = {},
                    .proxy_address = {},
                    .direct = readHosts(section, "proxy.direct", faults)};
  readProxy(section, settings, faults);
  const std::string& ca = settings.transfers.ca_file;
  if (!ca.empty() && access(ca.c_str(), R_OK) != 0)
    faults.push_back("http-transport.ca_file: " + ca + " cannot be read");
  if (!faults.empty()) throw StartFailure(joined(faults), true);
  return settings;
}

HttpTransport::HttpTransport(Settings settings, Lookup lookup, Metrics& metrics, Clock& clock, HealthBoard& board,
                             const Log& log)
    : settings_(std::move(settings)),
      instruments_(metrics),
      clock_(clock),
      log_(log),
      guard_(settings_.allowed, settings_.ports),
      resolver_(std::move(lookup), settings_.dns_threads, {settings_.dns_memory, settings_.dns_failure_memory}, clock,
                instruments_.lookups, instruments_.exceptions, log),
      around_{guard_, resolver_,           instruments_,       clock,           board,
              log,    settings_.transfers, settings_.max_idle, settings_.proxy, settings_.proxy_address} {
  for (unsigned number = 1; number <= settings_.threads; ++number)
    loops_.push_back(std::make_unique<Loop>(around_, number));
}

void HttpTransport::stop() noexcept {
  for (const auto& loop : loops_) loop->stop();
  resolver_.stop();
}

void HttpTransport::refuse(SendHandler& handler, SendFault fault, std::string sentence, SteadyTime sent) {
  const auto latency = std::chrono::floor<Duration>(clock_.now() - sent);
  handler(SendFailure{fault, std::move(sentence), false, latency});
}

SendHandler HttpTransport::counted(SendHandler handler) {
  instruments_.in_flight.add(1);
  return [this, handler = std::move(handler)](SendOutcome outcome) mutable {
    if (const auto* failure = std::get_if<SendFailure>(&outcome)) {
      instruments_.failed[static_cast<std::size_t>(failure->fault)]->add();
    } else {
      const auto& response = std::get<OutboundResponse>(outcome);
      instruments_.answered.add();
      if (response.truncated) instruments_.truncated.add();
      instruments_.latency.observe(std::chrono::duration<double>(response.latency).count());
    }
    instruments_.in_flight.add(-1);
    --in_flight_;
    handler(std::move(outcome));
  };
}

void HttpTransport::send(OutboundRequest request, SteadyTime deadline, SendHandler handler) {
  const SteadyTime sent = clock_.now();
  const std::size_t others = in_flight_++;
  SendHandler answer = counted(std::move(handler));
  if (others >= settings_.max_in_flight)
    return refuse(answer, SendFault::Busy, "http-transport.max_in_flight requests are in flight", sent);
  if (auto fault = refuseRequest(request)) return refuse(answer, SendFault::Malformed, std::move(*fault), sent);
  std::optional<Target> target;
  try {
    target = Target::parse(request.url);
  } catch (const MalformedUrl& fault) {
    return refuse(answer, SendFault::Malformed, fault.what(), sent);
  }
  if (auto refused = guard_.refuseTarget(*target))
    return refuse(answer, SendFault::Forbidden, std::move(*refused), sent);
  const bool proxied = settings_.proxy && !settings_.direct.contains(*target);
  Loop& loop = *loops_[std::hash<std::string>{}(target->authority()) % loops_.size()];
  auto transfer =
      std::make_unique<Transfer>(++last_id_, std::move(request), std::move(*target), sent, deadline, std::move(answer));
  if (!loop.take(transfer, proxied)) refuse(transfer->handler, SendFault::Stopped, "the service stops", sent);
}

}  // namespace penstock::http_transport
