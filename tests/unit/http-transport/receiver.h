#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace penstock::http_transport {

/// A listening socket on a free port of the loopback interface.
inline int listenOnLoopback(int backlog, std::uint16_t& port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener, backlog) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::system_error(errno, std::generic_category(), "no listening socket");
  port = ntohs(address.sin_port);
  return listener;
}

/// A receiver of requests that does on each connection what the test says, in a thread for each.
class Receiver {
public:
  class Connection {
  public:
    Connection(Receiver& receiver, int descriptor) : fd(descriptor), receiver_(receiver) {}

    /// A request with its body, or nothing when the client has gone.
    std::string request() {
      for (;;) {
        const auto head = unread_.find("\r\n\r\n");
        if (head != std::string::npos) {
          std::size_t length = 0;
          const auto field = unread_.find("Content-Length: ");
          if (field < head) length = std::stoul(unread_.substr(field + 16));
          if (unread_.size() >= head + 4 + length) {
            std::string whole = unread_.substr(0, head + 4 + length);
            unread_.erase(0, whole.size());
            receiver_.count(whole);
            return whole;
          }
        }
        char piece[4096];
        const ssize_t count = recv(fd, piece, sizeof piece, 0);
        if (count <= 0) return {};
        unread_.append(piece, static_cast<std::size_t>(count));
      }
    }

    /// False when the client has gone.
    bool say(const std::string& text) const {
      for (std::size_t said = 0; said < text.size();) {
        const ssize_t count = ::send(fd, text.data() + said, text.size() - said, MSG_NOSIGNAL);
        if (count <= 0) return false;
        said += static_cast<std::size_t>(count);
      }
      return true;
    }
    void answer(const std::string& body, const std::string& status = "200 OK") const {
      say("HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    }
    /// Ends with RST instead of FIN.
    void reset() const {
      const linger none{1, 0};
      setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    }
    /// Until the client closes, or the test ends.
    void waitForEnd() const {
      char piece[4096];
      while (recv(fd, piece, sizeof piece, 0) > 0) continue;
    }

    const int fd;

  private:
    Receiver& receiver_;
    std::string unread_;
  };
  using Script = std::function<void(Connection&)>;

  explicit Receiver(Script script) : script_(std::move(script)), listener_(listenOnLoopback(128, port_)) {
    acceptor_ = std::thread([this] { accept(); });
  }
  ~Receiver() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
      const std::lock_guard guard(mutex_);
      for (const int fd : open_) shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    close(listener_);
  }
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url(const std::string& path = "/") const { return "http://127.0.0.1:" + std::to_string(port_) + path; }
  int connections() const { return connections_; }

  /// What was received whole.
  std::vector<std::string> requests() const {
    const std::lock_guard guard(mutex_);
    return requests_;
  }
  void waitForRequests(std::size_t number) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return requests_.size() >= number; });
  }

private:
  void accept() {
    for (;;) {
      // While it waits, accept4 holds a descriptor already, of which a test may leave none.
      pollfd waiting{listener_, POLLIN, 0};
      poll(&waiting, 1, -1);
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      ++connections_;
      const std::lock_guard guard(mutex_);
      open_.push_back(fd);
      threads_.emplace_back([this, fd] {
        Connection connection(*this, fd);
        script_(connection);
        const std::lock_guard closing(mutex_);
        std::erase(open_, fd);
        close(fd);
      });
    }
  }
  void count(const std::string& request) {
    const std::lock_guard guard(mutex_);
    requests_.push_back(request);
    changed_.notify_all();
  }

  Script script_;
  std::uint16_t port_ = 0;
  int listener_;
  std::atomic<int> connections_{0};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> requests_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace penstock::http_transport
