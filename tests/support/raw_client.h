#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace penstock::test {

/// An answer as it came over the wire.
struct RawAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names lower-case
  std::string head;                            ///< as sent
  std::string body;

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

/// A client that sends the bytes it is told to, well-formed or not. Waits 20 s at most for anything.
class RawClient {
public:
  explicit RawClient(std::uint16_t port, int receive_buffer = 0) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer > 0) ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    join(reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  explicit RawClient(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
    join(reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  /// False when the server has closed in the meantime.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// Says that no more will be sent; still reads.
  void finish() { ::shutdown(socket_, SHUT_WR); }

  /// The next answer. `to_head` when it answers a HEAD request.
  RawAnswer answer(bool to_head = false) {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
      if (!receive()) throw std::runtime_error("closed before an answer, after: " + buffer_);
    RawAnswer answer = parse(buffer_.substr(0, end + 2));
    buffer_.erase(0, end + 4);
    if (to_head || answer.status < 200 || answer.status == 204) return answer;
    std::size_t length = 0;
    const std::string text = answer.header("content-length");
    std::from_chars(text.data(), text.data() + text.size(), length);
    while (buffer_.size() < length)
      if (!receive()) throw std::runtime_error("closed within a body");
    answer.body = buffer_.substr(0, length);
    buffer_.erase(0, length);
    return answer;
  }
  RawAnswer ask(std::string_view bytes, bool to_head = false) {
    send(bytes);
    return answer(to_head);
  }

  /// Whether the server closes without sending anything more; waits for it.
  bool closed() { return buffer_.empty() && !receive(); }

private:
  void join(const sockaddr* address, socklen_t length) {
    if (::connect(socket_, address, length) != 0) throw std::runtime_error(std::string("connect: ") + strerror(errno));
  }

  bool receive() {
    constexpr int kMostMilliseconds = 20'000;
    pollfd ready{socket_, POLLIN, 0};
    if (::poll(&ready, 1, kMostMilliseconds) != 1) throw std::runtime_error("nothing came, after: " + buffer_);
    char part[16384];
    const ssize_t got = ::recv(socket_, part, sizeof part, 0);
    if (got <= 0) return false;
    buffer_.append(part, static_cast<std::size_t>(got));
    return true;
  }

  static RawAnswer parse(const std::string& head) {
    RawAnswer answer;
    answer.head = head;
    if (head.size() > 12) std::from_chars(head.data() + 9, head.data() + 12, answer.status);
    for (std::size_t line = head.find("\r\n") + 2; line < head.size();) {
      const std::size_t end = head.find("\r\n", line);
      const std::size_t colon = head.find(": ", line);
      std::string name = head.substr(line, colon - line);
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
      answer.headers[name] = head.substr(colon + 2, end - colon - 2);
      line = end + 2;
    }
    return answer;
  }

  int socket_;
  std::string buffer_;
};

}  // namespace penstock::test
