#include "http/server.h"

#include <boost/asio/post.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>

namespace penstock {
namespace {

constexpr rlim_t kOtherDescriptors = 256;  // databases, logs, libraries

/// Lifts the soft limit of descriptors to what the connections need, as far as the hard one lets it.
void raiseDescriptorLimit(const Site& site) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = site.options.max_connections + kOtherDescriptors;
  if (limit.rlim_cur < wanted) {
    limit.rlim_cur = std::min(wanted, limit.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur < wanted)
    site.log.notice(
        "http.descriptor_limit",
        "Fewer file descriptors than http.max_connections and the rest may need; clients beyond them get 503.",
        {{"limit", std::to_string(limit.rlim_cur)}, {"wanted", std::to_string(wanted)}});
}

std::size_t loopCount(std::size_t wanted) {
  return wanted > 0 ? wanted : std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

}  // namespace

HttpServer::HttpServer(HttpOptions options, Metrics& metrics, Log log, HealthBoard& health)
    : site_(std::make_unique<Site>(std::move(options), metrics, log)), metrics_(metrics), health_(health) {}

void HttpServer::add(Route route) {
  if (!loops_.empty()) throw std::logic_error("route " + std::string(route.pattern) + " comes after the listeners");
  Histogram& seconds = site_->metrics.route(route.pattern);
  site_->router(route.listener).add(std::move(route), seconds);
}

void HttpServer::open() {
  raiseDescriptorLimit(*site_);
  std::vector<std::unique_ptr<Loop>> loops;
  for (std::size_t i = 0; i < loopCount(site_->options.threads); ++i)
    loops.push_back(std::make_unique<Loop>(i, *site_, health_));
  loops_ = std::move(loops);
  try {
    bind();
  } catch (...) {
    for (auto& listener : listeners_) listener.reset();
    loops_.clear();
    throw;
  }
  for (const auto& listener : listeners_) {
    if (!listener) continue;
    listener->start();
    site_->log.notice("http.listening", "Listening.", {{"place", listener->place()}});
  }
  for (const auto& loop : loops_) loop->start();
  collection_ = metrics_.beforeExposition([this] { collect(); });
}

void HttpServer::bind() {
  const std::array wanted{&site_->options.public_listener, &site_->options.admin_listener};
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (*wanted[i])
      listeners_[i] = std::make_unique<Listener>(static_cast<ListenerName>(i), **wanted[i], *site_, loops_);
}

std::uint16_t HttpServer::port(ListenerName name) const {
  const auto& listener = listeners_[static_cast<std::size_t>(name)];
  return listener ? listener->port() : std::uint16_t{0};
}

void HttpServer::drain(SteadyTime deadline) {
  if (loops_.empty() || site_->draining.exchange(true)) return;
  // Of its own life: a handler that blocks the loop may outlast the deadline.
  const auto closed = std::make_shared<std::promise<void>>();
  boost::asio::post(loops_.front()->context(), [this, closed] {
    for (const auto& listener : listeners_)
      if (listener) listener->close();
    closed->set_value();
  });
  if (closed->get_future().wait_until(deadline) == std::future_status::timeout) return;
  for (const auto& loop : loops_) loop->drain();
  for (Census& census : site_->census) census.awaitAnswered(deadline);
  site_->drained = true;
}

void HttpServer::close() noexcept {
  if (loops_.empty()) return;
  collection_.reset();
  boost::asio::post(loops_.front()->context(), [this] {
    for (const auto& listener : listeners_)
      if (listener) listener->close();
  });
  for (const auto& loop : loops_) loop->stop();
  for (auto& listener : listeners_) listener.reset();
  loops_.clear();
}

void HttpServer::collect() {
  std::size_t in_flight = 0;
  for (const auto& loop : loops_) in_flight += loop->inFlight();
  std::size_t open = site_->refusing;
  for (const Census& census : site_->census) open += census.open();
  site_->metrics.inFlight().set(static_cast<double>(in_flight));
  site_->metrics.connections().set(static_cast<double>(open));
}

}  // namespace penstock
