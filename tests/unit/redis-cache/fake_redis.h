#pragma once

#include "support/temporary_folder.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace penstock::redis_cache {

/// Something on a unix socket that does on each connection, one after the other, what the test says.
class FakeRedis {
public:
  class Peer {
  public:
    Peer(int descriptor, const std::atomic<bool>& over) : fd_(descriptor), over_(over) {}

    /// What has come; empty when the client has gone or the test is over.
    std::string hear() const {
      char piece[65536];
      while (!over_) {
        if (!pending(10)) continue;
        const ssize_t size = ::recv(fd_, piece, sizeof piece, 0);
        return size > 0 ? std::string(piece, static_cast<std::size_t>(size)) : std::string();
      }
      return {};
    }
    /// False when the client has gone or the test is over.
    bool say(std::string_view text) const {
      while (!text.empty()) {
        if (over_) return false;
        const ssize_t size = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size < 0 && errno != EAGAIN) return false;
        if (size > 0) text.remove_prefix(static_cast<std::size_t>(size));
      }
      return true;
    }
    /// Whether something comes, or the client goes, within so many milliseconds.
    bool pending(int patience_ms) const {
      pollfd descriptor{fd_, POLLIN, 0};
      return ::poll(&descriptor, 1, patience_ms) > 0;
    }
    bool over() const { return over_; }

  private:
    int fd_;
    const std::atomic<bool>& over_;
  };

  explicit FakeRedis(std::function<void(Peer&)> behaviour)
      : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), behaviour_(std::move(behaviour)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path().data(), std::min(path().size(), sizeof address.sun_path - 1));
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(listener_, 16) != 0)
      throw std::runtime_error("no listening socket");
    thread_ = std::jthread([this] { run(); });
  }
  ~FakeRedis() {
    over_ = true;
    thread_.join();
    ::close(listener_);
  }

  std::string url() const { return "unix://" + path(); }
  int connections() const { return connections_; }

private:
  std::string path() const { return (folder_.path() / "fake.sock").string(); }

  void run() {
    while (!over_) {
      pollfd descriptor{listener_, POLLIN, 0};
      if (::poll(&descriptor, 1, 10) <= 0) continue;
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      ++connections_;
      Peer peer(fd, over_);
      behaviour_(peer);
      ::close(fd);
    }
  }

  test::TemporaryFolder folder_;
  int listener_;
  std::function<void(Peer&)> behaviour_;
  std::atomic<bool> over_{false};
  std::atomic<int> connections_{0};
  std::jthread thread_;
};

}  // namespace penstock::redis_cache
