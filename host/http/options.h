#pragma once

#include "penstock/time.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace penstock {

/// Where a listener waits: on a unix socket of mode 0600 when `unix_path` is set, otherwise on address and port.
struct ListenerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;  ///< 0: any free one
  std::string unix_path;
};

/// Bounds of the listener. The defaults are those of the configuration rows in http/config.h.
struct HttpOptions {
  std::optional<ListenerOptions> public_listener;
  std::optional<ListenerOptions> admin_listener;
  std::size_t threads = 0;               ///< I/O loops; 0: one a core
  std::size_t max_connections = 20'000;  ///< of the public listener; more are answered 503

  std::size_t max_body = std::size_t{256} << 10;
  std::size_t max_header_bytes = std::size_t{16} << 10;  ///< request line and header fields together
  std::size_t max_uri = std::size_t{8} << 10;
  std::size_t max_fields = 100;
  std::size_t max_buffered = std::size_t{64} << 20;      ///< bytes of requests and unread answers of all connections
  std::size_t max_write_buffer = std::size_t{64} << 10;  ///< answers of one connection gathered before they are written
  std::size_t max_pipelined = 16;                        ///< requests of one connection answered before others' turn
  std::size_t max_linger = std::size_t{16} << 20;        ///< bytes read and dropped after a refusal

  Duration header_timeout = std::chrono::seconds{10};  ///< first to last byte of the head
  Duration body_timeout = std::chrono::seconds{30};    ///< end of the head to end of the body
  Duration idle_timeout = std::chrono::seconds{75};    ///< without a request
  Duration write_timeout = std::chrono::seconds{30};   ///< in which a slow reader takes the next 64 KiB
  Duration linger_timeout = std::chrono::seconds{3};   ///< after a refusal, until the client closes
};

}  // namespace penstock
