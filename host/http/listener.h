#pragma once

#include "http/bind.h"
#include "http/loop.h"

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace penstock {

/// Accepts connections on the first loop and deals them out to all in turn, so that every loop has its share whatever
/// the kernel's hash says, one bound socket shows a second service on the port for what it is, and none is lost in the
/// queue of a loop that is closing. The cap and the reserve descriptor are kept here.
class Listener {
public:
  Listener(ListenerName name, Bound bound, Site& site, std::vector<std::unique_ptr<Loop>>& loops);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  std::uint16_t port() const { return port_; }
  const std::string& place() const { return place_; }
  bool inherited() const { return inherited_; }

  /// Starts to accept. [before the loops run]
  void start() { await(); }
  /// Accepts no more. What the kernel has queued is accepted first, or left to the successor when the socket is
  /// inherited. [first loop]
  void close() noexcept;

private:
  using Socket = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;
  using Timer =
      boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                        boost::asio::io_context::executor_type>;
  enum class Next { More, Empty, Pause };

  void await();
  void pause();
  void ready();
  Next acceptOne();
  void deal(FileDescriptor socket, std::string peer);
  Next shed();
  void complain(std::string_view event, std::string_view sentence);

  const ListenerName name_;
  Site& site_;
  std::vector<std::unique_ptr<Loop>>& loops_;
  const int family_;
  const std::uint16_t port_;
  const std::string place_;
  const bool inherited_;
  FileDescriptor reserve_;  ///< given up for a moment when there are no descriptors left, to tell one client so
  Socket socket_;
  Timer pause_;
  std::size_t cap_;
  std::size_t dealt_ = 0;
  SteadyTime last_complaint_{};
};

}  // namespace penstock
