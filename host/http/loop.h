#pragma once

#include "http/exchange.h"
#include "http/file_descriptor.h"
#include "http/mailbox.h"
#include "http/request_id.h"
#include "http/site.h"
#include "http/timer_wheel.h"
#include "penstock/health.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace penstock {

class Connection;

/// One thread that serves its connections from first byte to last. Everything but start, post, drain, stop and
/// inFlight is called on that thread.
class Loop {
public:
  Loop(std::size_t number, Site& site, HealthBoard& health);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void start();
  boost::asio::io_context& context() { return context_; }
  void adopt(FileDescriptor socket, int family, ListenerName listener, std::string peer, bool admitted);
  /// Closes idle connections and hurries half-read heads. [any thread]
  void drain();
  /// Closes every connection and ends the thread. [any other thread] [blocks]
  void stop() noexcept;
  std::size_t inFlight() const { return in_flight_.load(std::memory_order_relaxed); }

  Site& site() { return site_; }
  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }
  TimerWheel& wheel() { return wheel_; }
  RequestIds& ids() { return ids_; }
  std::string_view date() const { return date_; }

  /// Reads the clock; recent() is what it last said.
  SteadyTime now() { return recent_ = std::chrono::steady_clock::now(); }
  SteadyTime recent() const { return recent_; }

  /// Bytes that the connection whose turn it is will write when the turn ends.
  std::string& out() { return out_; }
  /// For bytes that nobody wants.
  std::array<char, 65536>& waste() { return waste_; }

  std::unique_ptr<Exchange> takeExchange();
  void giveExchange(std::unique_ptr<Exchange> exchange);
  void handed() { in_flight_.store(in_flight_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }
  void answered() { in_flight_.store(in_flight_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed); }

  /// While it lives the connection may write to out().
  class Turn {
  public:
    Turn(Loop& loop, const Connection& connection) : loop_(loop) { loop_.current_ = &connection; }
    ~Turn() { loop_.current_ = nullptr; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

  private:
    Loop& loop_;
  };
  bool isTurnOf(const Connection& connection) const { return current_ == &connection; }

private:
  using Timer =
      boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                        boost::asio::io_context::executor_type>;

  void run() noexcept;
  void tick();
  void closeAll() noexcept;

  boost::asio::io_context context_{1};
  const std::string name_;
  Site& site_;
  std::shared_ptr<Mailbox> mailbox_;
  std::unique_ptr<Heartbeat> heartbeat_;
  TimerWheel wheel_;
  Timer timer_;
  RequestIds ids_;
  std::string date_;
  std::time_t date_second_ = 0;
  SteadyTime recent_;
  std::string out_;
  std::array<char, 65536> waste_;
  std::vector<std::unique_ptr<Exchange>> spare_;
  const Connection* current_ = nullptr;
  std::atomic<std::size_t> in_flight_{0};
  bool stopping_ = false;
  std::jthread thread_;
};

}  // namespace penstock
