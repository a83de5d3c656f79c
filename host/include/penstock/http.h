#pragma once

#include "penstock/time.h"
#include "penstock/unique_function.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock {

enum class Method : std::uint8_t { Get, Post, Put, Delete };  // HEAD is answered by the GET route, without a body

/// The listeners the host owns. Public serves applications and providers, Admin serves operators.
enum class ListenerName : std::uint8_t { Public, Admin };

/// A request, read whole and well framed. Views point into the connection's buffer and hold until its responder has
/// answered.
struct HttpRequest {
  Method method = Method::Get;
  std::string_view target{};                                                 ///< as sent: path and query
  std::string_view path{};                                                   ///< as sent, without the query
  std::vector<std::pair<std::string, std::string>> query{};                  ///< decoded, in order
  std::vector<std::string> path_parameters{};                                ///< decoded, one per {name} of the pattern
  std::span<const std::pair<std::string_view, std::string_view>> headers{};  ///< names lower-case, values trimmed
  std::string_view body{};
  std::string_view request_id{};  ///< the client's own if it was sane
  std::string_view peer{};        ///< address of the client, or "unix"
  SteadyTime received_at{};       ///< when its first byte was seen

  /// First value of a header, by its lower-case name.
  std::optional<std::string_view> header(std::string_view name) const {
    for (const auto& [key, value] : headers)
      if (key == name) return value;
    return std::nullopt;
  }
  /// How often a header occurs.
  std::size_t count(std::string_view name) const {
    std::size_t found = 0;
    for (const auto& [key, value] : headers) found += key == name ? 1 : 0;
    return found;
  }
  /// First value of a query parameter.
  std::optional<std::string_view> parameter(std::string_view name) const {
    for (const auto& [key, value] : query)
      if (key == name) return value;
    return std::nullopt;
  }
};

/// An answer. The listener adds Content-Length, Date, X-Request-Id, the security headers and Connection.
struct HttpResponse {
  unsigned status = 200;
  std::string_view content_type = "application/json";  ///< must outlive the process: a literal
  std::string body{};
  std::vector<std::pair<std::string_view, std::string>> headers{};  ///< names are literals; values without CR or LF
};

/// One fault of a request, for `errors` of a problem document.
struct Fault {
  std::string field;
  std::string message;
  bool operator==(const Fault&) const = default;
};

/// A refusal, sent as application/problem+json (RFC 9457) with title from the status and type, instance and request_id
/// filled in by the listener.
struct Problem {
  unsigned status = 500;
  std::string_view code;  ///< stable word such as validation_failed; a literal
  std::string detail{};   ///< one sentence for the developer on the other side
  std::vector<Fault> errors{};
  std::optional<unsigned> retry_after{};  ///< seconds, for 429 and 503
};

/// The right to answer one request, exactly once. Destroyed without an answer it answers 500 and the host counts it.
class Responder {
public:
  /// Made by the listener.
  class Sink {
  public:
    virtual ~Sink() = default;
    virtual void send(HttpResponse response) noexcept = 0;
    virtual void send(Problem problem) noexcept = 0;
    virtual void abandon() noexcept = 0;
  };

  Responder() noexcept = default;
  explicit Responder(std::shared_ptr<Sink> sink) noexcept : sink_(std::move(sink)) {}
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&& other) noexcept {
    if (this != &other) {
      drop();
      sink_ = std::move(other.sink_);
    }
    return *this;
  }
  ~Responder() { drop(); }

  /// Answers; a second answer is ignored. On the loop's own thread it is written at once, from others it is posted to
  /// the loop in batches. [any thread] [does not block]
  void send(HttpResponse response) noexcept {
    if (auto sink = std::exchange(sink_, nullptr)) sink->send(std::move(response));
  }
  void send(Problem problem) noexcept {
    if (auto sink = std::exchange(sink_, nullptr)) sink->send(std::move(problem));
  }
  explicit operator bool() const noexcept { return sink_ != nullptr; }

private:
  void drop() noexcept {
    if (auto sink = std::exchange(sink_, nullptr)) sink->abandon();
  }
  std::shared_ptr<Sink> sink_;
};

/// What a route accepts as a body. Anything else is refused with 415 before the body is read.
enum class BodyRule : std::uint8_t {
  None,  ///< a body is read and ignored
  Json,  ///< Content-Type application/json, parameters allowed
  Any,   ///< the handler decides
};

using HttpHandler = UniqueFunction<void(HttpRequest& request, Responder responder)>;

struct Route {
  ListenerName listener = ListenerName::Public;
  Method method = Method::Get;
  std::string_view pattern;  ///< such as /api/messages/{id}; a literal; {name} matches one segment
  BodyRule body = BodyRule::None;
  bool negotiates_json = false;  ///< GET under /api: 406 when Accept excludes JSON
  bool during_drain = false;     ///< still served while draining (health checks); others get 503
  std::size_t max_body = 0;      ///< bytes of the largest body; 0: the listener's own bound. A larger one gets 413
  HttpHandler handler;
};

/// penstock.http/1: given by the host, which owns the listeners.
class Http {
public:
  static constexpr std::string_view kInterface = "penstock.http/1";
  virtual ~Http() = default;

  /// Adds a route. All routes are declared in Plugin::start, before the listeners open. Literal segments win over
  /// {names}. The handler runs on the loop thread that read the request, must not block, and may move the responder to
  /// any thread; exceptions become 500. [start] [throws: std::invalid_argument when the route is taken or malformed]
  virtual void add(Route route) = 0;
};

}  // namespace penstock
