#pragma once

#include "http/server.h"
#include "support/captured_log.h"
#include "support/raw_client.h"
#include "support/recorded_metrics.h"
#include "support/stub_health_board.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace penstock::test {

/// A server with a few routes, on a port of its own.
///
///     POST /echo          JSON; the body comes back
///     POST /raw           any body; comes back
///     POST /large         the same, with a bound of its own: twice that of quickOptions()
///     GET  /items/{id}    {"id":…,"query":[…]}; negotiates JSON
///     PUT  /items/{id}
///     GET  /big           `big_bytes` bytes
///     POST /held          is answered when the test says so
///     GET  /throws  GET /drops  GET /headers  GET /livez (also while draining)
class ServerFixture : public ::testing::Test {
protected:
  static HttpOptions quickOptions() {
    HttpOptions options;
    options.public_listener = ListenerOptions{"127.0.0.1", 0, {}};
    options.threads = 2;
    options.max_body = 4096;
    return options;
  }

  void serve(HttpOptions options = quickOptions()) {
    server = std::make_unique<HttpServer>(std::move(options), metrics, log.log(), health);
    addRoutes();
    server->open();
    port = server->port(ListenerName::Public);
  }

  void TearDown() override {
    if (server) server->close();
  }

  Route route(Method method, std::string_view pattern, HttpHandler handler) {
    Route made;
    made.method = method;
    made.pattern = pattern;
    made.handler = std::move(handler);
    return made;
  }

  /// A POST of `body` to `path` with the framing a polite client uses.
  static std::string post(const std::string& path, const std::string& body, const std::string& extra = "") {
    return "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" + extra +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  static std::string get(const std::string& path, const std::string& extra = "") {
    return "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + extra + "\r\n";
  }

  /// The next request of POST /held, with the right to answer it.
  struct Held {
    HttpRequest* request;
    Responder responder;
  };
  Held nextHeld() {
    std::unique_lock lock(held_mutex_);
    held_changed_.wait(lock, [this] { return !held_.empty(); });
    Held first = std::move(held_.front());
    held_.erase(held_.begin());
    return first;
  }

  static HttpResponse ok(std::string body) { return HttpResponse{200, "application/json", std::move(body), {}}; }

  RecordedMetrics metrics;
  CapturedLog log{"http"};
  StubHealthBoard health;
  std::atomic<int> handed{0};  ///< requests with a body that a handler saw
  std::size_t big_bytes = 0;
  std::vector<std::pair<std::string_view, std::string>> headers;
  std::unique_ptr<HttpServer> server;
  std::uint16_t port = 0;

private:
  void addRoutes() {
    const auto echo = [this](HttpRequest& request, Responder responder) {
      ++handed;
      responder.send(ok(std::string(request.body)));
    };
    Route json = route(Method::Post, "/echo", echo);
    json.body = BodyRule::Json;
    server->add(std::move(json));
    Route raw = route(Method::Post, "/raw", echo);
    raw.body = BodyRule::Any;
    server->add(std::move(raw));
    Route large = route(Method::Post, "/large", echo);
    large.body = BodyRule::Any;
    large.max_body = 8192;
    server->add(std::move(large));
    Route item = route(Method::Get, "/items/{id}", [](HttpRequest& request, Responder responder) {
      std::string text = "{\"id\":\"" + request.path_parameters.at(0) + "\",\"query\":[";
      for (const auto& [name, value] : request.query) text += "\"" + name + "=" + value + "\",";
      if (text.back() == ',') text.pop_back();
      responder.send(ok(text + "]}"));
    });
    item.negotiates_json = true;
    server->add(std::move(item));
    server->add(route(Method::Put, "/items/{id}", echo));
    server->add(route(Method::Get, "/big",
                      [this](HttpRequest&, Responder responder) { responder.send(ok(std::string(big_bytes, 'x'))); }));
    server->add(route(Method::Post, "/held", [this](HttpRequest& request, Responder responder) {
      std::lock_guard guard(held_mutex_);
      held_.push_back(Held{&request, std::move(responder)});
      held_changed_.notify_all();
    }));
    server->add(route(Method::Get, "/throws",
                      [](HttpRequest&, Responder) { throw std::runtime_error("secret +15551234567"); }));
    server->add(route(Method::Get, "/drops", [](HttpRequest&, Responder) {}));
    server->add(route(Method::Get, "/headers", [this](HttpRequest&, Responder responder) {
      HttpResponse response = ok("{}");
      response.headers = headers;
      responder.send(std::move(response));
    }));
    Route live = route(Method::Get, "/livez", [](HttpRequest&, Responder responder) { responder.send(ok("{}")); });
    live.during_drain = true;
    server->add(std::move(live));
  }

  std::mutex held_mutex_;
  std::condition_variable held_changed_;
  std::vector<Held> held_;
};

}  // namespace penstock::test
