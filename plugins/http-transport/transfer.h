#pragma once

#include "http-transport/target.h"

#include "penstock/clock.h"
#include "penstock/transport.h"

#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock::http_transport {

/// A proxy on the way, by its own URL; requests to an https target are tunnelled through it.
struct Proxy {
  std::string host;
  std::uint16_t port = 0;
  std::string url;
};

/// What all transfers have in common.
struct TransferSettings {
  Duration connect_timeout{};
  Duration idle_timeout{};
  std::size_t max_response = 0;
  std::string ca_file;
};

/// Why the request cannot be written, or nothing.
std::optional<std::string> refuseRequest(const OutboundRequest& request);

/// One request on its way, with libcurl's handle for it. Belongs to one thread.
class Transfer {
public:
  Transfer(std::uint64_t number, OutboundRequest what, Target where, SteadyTime sent, SteadyTime until,
           SendHandler whom)
      : id(number),
        request(std::move(what)),
        target(std::move(where)),
        sent_at(sent),
        deadline(until),
        handler(std::move(whom)) {}
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// Makes libcurl's handle. It will connect to `addresses` and to nothing else; they are the proxy's if there is one.
  /// By the deadline of `clock` it writes nothing any more, however long the process has stood still while it
  /// connected. [throws: std::bad_alloc]
  CURL* prepare(const TransferSettings& settings, const Proxy* proxy, std::vector<Address> addresses,
                const Clock& clock);

  /// What became of it once libcurl has ended it.
  SendOutcome outcome(CURLcode code) const;
  SendFailure failure(SendFault fault, std::string sentence) const;

  CURL* handle() const { return easy_.get(); }

  const std::uint64_t id;
  OutboundRequest request;
  const Target target;
  const SteadyTime sent_at;
  const SteadyTime deadline;
  SendHandler handler;

private:
  struct FreeEasy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  using List = std::unique_ptr<curl_slist, FreeList>;

  static void append(List& list, const std::string& line);
  void setRequest();
  void setConnection(const TransferSettings& settings, const Proxy* proxy);

  static curl_socket_t openSocket(void* self, curlsocktype purpose, curl_sockaddr* address) noexcept;
  static int beforeRequest(void* self, char*, char*, int, int) noexcept;
  static std::size_t readHeader(char* line, std::size_t size, std::size_t count, void* self) noexcept;
  static std::size_t readBody(char* piece, std::size_t size, std::size_t count, void* self) noexcept;
  void takeHeader(std::string_view line);

  const Clock* clock_ = nullptr;
  std::vector<Address> addresses_;
  std::size_t max_response_ = 0;
  std::size_t header_bytes_ = 0;
  bool head_ended_ = false;       ///< the empty line after the last head was read
  bool foreign_address_ = false;  ///< libcurl wanted to connect to an address that was not checked
  bool handed_over_ = false;      ///< the connection stood and libcurl began to write the request
  bool repeated_ = false;         ///< libcurl wanted to write it once more
  bool late_ = false;             ///< the connection stood after the deadline only
  OutboundResponse response_;
  List header_list_;
  List resolve_list_;
  std::unique_ptr<CURL, FreeEasy> easy_;  // last: it uses the lists
};

}  // namespace penstock::http_transport
