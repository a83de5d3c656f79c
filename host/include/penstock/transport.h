#pragma once

#include "penstock/time.h"
#include "penstock/unique_function.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace penstock {

/// A request to a provider.
struct OutboundRequest {
  std::string method = "POST";  ///< GET, POST, PUT, PATCH or DELETE

  /// Absolute, in ASCII: https://host[:port]/path?query. Names of other scripts are written as punycode, other
  /// characters of the path are percent-encoded. User names and fragments are refused.
  std::string url;

  /// Names and values as sent, in order. Those that frame the message or belong to the connection (Host,
  /// Content-Length, Transfer-Encoding, Connection and their like) are the transport's own; giving one is Malformed.
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
};

/// An answer, whatever its status: a redirect is not followed and a 500 is an answer.
struct OutboundResponse {
  unsigned status = 0;
  std::vector<std::pair<std::string, std::string>> headers{};  ///< names in lower case, values trimmed, in order
  std::string body{};                                          ///< its beginning, up to the transport's limit
  bool truncated = false;                                      ///< the body went on; its end was not read
  Duration latency{};                                          ///< from send to the end of the answer
};

enum class SendFault : std::uint8_t {
  Malformed,    ///< the request cannot be written: method, URL, header
  Forbidden,    ///< the guard does not let requests go there: scheme, port or address
  Unresolved,   ///< the host's name has no address, or no name server answered
  Unreachable,  ///< no connection: refused, no route, not in time, or the proxy would not
  Untrusted,    ///< TLS could not be agreed on, or the certificate is not valid for the host
  TimedOut,     ///< the deadline came first
  Broken,       ///< the connection broke before a whole answer was read, or what came was no answer
  Busy,         ///< too many requests are in flight
  Stopped,      ///< the transport stops or has stopped
};

/// A request that got no readable answer.
struct SendFailure {
  SendFault fault = SendFault::Broken;
  std::string sentence;  ///< for people; names the host, never the path, the headers or the body

  /// False only if it is certain that no byte of the request has left this process, so that sending again cannot make
  /// two. True means that the receiver may have seen it.
  bool may_have_left = true;

  Duration latency{};  ///< from send to the failure
};

using SendOutcome = std::variant<OutboundResponse, SendFailure>;
using SendHandler = UniqueFunction<void(SendOutcome)>;

/// penstock.transport/1: requests to the world outside, given by a transport plugin. It sends a request once at most:
/// it follows no redirect and never sends a second time by itself, whatever became of the first.
class Transport {
public:
  static constexpr std::string_view kInterface = "penstock.transport/1";
  virtual ~Transport() = default;

  /// Sends `request` and tells `handler` what became of it, exactly once and by `deadline` of the host's clock at the
  /// latest, on any thread, possibly before send returns. The deadline covers everything: waiting, name service,
  /// connecting and the whole answer. The handler must be quick, because others wait behind it; it may call send and
  /// must not throw. Stopping answers what is in flight with Stopped. [any thread] [does not block]
  virtual void send(OutboundRequest request, SteadyTime deadline, SendHandler handler) = 0;
};

}  // namespace penstock
