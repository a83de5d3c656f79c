#include "http/loop.h"

#include "http/connection.h"

#include <boost/asio/post.hpp>

#include <pthread.h>

namespace penstock {
namespace {

constexpr std::chrono::seconds kStallLimit{5};
constexpr std::size_t kSpareExchanges = 256;

}  // namespace

Loop::Loop(std::size_t number, Site& site, HealthBoard& health)
    : name_("http-" + std::to_string(number)),
      site_(site),
      mailbox_(std::make_shared<Mailbox>(context_)),
      heartbeat_(health.heartbeat(name_, kStallLimit)),
      wheel_(std::chrono::steady_clock::now()),
      timer_(context_),
      recent_(std::chrono::steady_clock::now()) {
  tick();
}

Loop::~Loop() { stop(); }

void Loop::start() {
  thread_ = std::jthread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), name_.c_str());
}

void Loop::run() noexcept {
  mailbox_->claim();
  for (;;) {
    try {
      context_.run();
      return;
    } catch (const std::exception& failure) {
      current_ = nullptr;
      out_.clear();
      site_.metrics.handlerFailures().add();
      site_.log.error("http.loop_failed", "A loop of the listener caught an exception and goes on.",
                      {{"loop", name_}, {"what", failure.what()}});
    }
  }
}

void Loop::tick() {
  heartbeat_->tick();
  const std::time_t second = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  if (second != date_second_) date_ = formatDate(date_second_ = second);
  wheel_.advance(now());
  timer_.expires_at(recent_ + TimerWheel::kTick);
  timer_.async_wait([this](const boost::system::error_code& failure) {
    if (!failure && !stopping_) tick();
  });
}

void Loop::adopt(FileDescriptor socket, int family, ListenerName listener, std::string peer, bool admitted) {
  Connection::Socket stream(context_);
  boost::system::error_code failure;
  if (!stopping_) stream.assign(boost::asio::generic::stream_protocol(family, 0), socket.get(), failure);
  if (!stream.is_open()) return site_.left(listener, admitted, true);
  socket.release();
  const auto connection = std::make_shared<Connection>(*this, std::move(stream), listener, std::move(peer), admitted);
  connection->start();
}

void Loop::drain() {
  boost::asio::post(
      context_, [this] { wheel_.forEach([](TimerWheel::Entry& entry) { static_cast<Connection&>(entry).drain(); }); });
}

void Loop::stop() noexcept {
  if (!thread_.joinable()) return;
  boost::asio::post(context_, [this] { closeAll(); });
  thread_.join();
}

void Loop::closeAll() noexcept {
  stopping_ = true;
  wheel_.forEach([](TimerWheel::Entry& entry) { static_cast<Connection&>(entry).close(); });
  // Only now: until here a letter keeps its connection alive.
  mailbox_->close();
  timer_.cancel();
}

std::unique_ptr<Exchange> Loop::takeExchange() {
  if (spare_.empty()) return std::make_unique<Exchange>();
  auto exchange = std::move(spare_.back());
  spare_.pop_back();
  return exchange;
}

void Loop::giveExchange(std::unique_ptr<Exchange> exchange) {
  if (spare_.size() == kSpareExchanges) return;
  exchange->reset();
  spare_.push_back(std::move(exchange));
}

}  // namespace penstock
