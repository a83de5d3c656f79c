#pragma once

#include "penstock/http.h"

#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::test {

/// What a route answered: an answer, a problem, or neither when its responder was dropped.
struct StubAnswer {
  std::optional<HttpResponse> response;
  std::optional<Problem> problem;
  unsigned status() const { return response ? response->status : problem ? problem->status : 500; }
};

/// Takes one answer.
class AnswerSink final : public Responder::Sink {
public:
  void send(HttpResponse response) noexcept override { answer_.set_value({std::move(response), std::nullopt}); }
  void send(Problem problem) noexcept override { answer_.set_value({std::nullopt, std::move(problem)}); }
  void abandon() noexcept override { answer_.set_value({}); }
  std::future<StubAnswer> answer() { return answer_.get_future(); }

private:
  std::promise<StubAnswer> answer_;
};

/// A listener without sockets: keeps the routes that plugins declare and calls their handlers.
class StubHttp final : public Http {
public:
  void add(Route route) override { routes_.push_back(std::move(route)); }

  /// The declared route. Throws when there is none.
  Route& route(Method method, std::string_view pattern) {
    for (Route& route : routes_)
      if (route.method == method && route.pattern == pattern) return route;
    throw std::out_of_range("no route " + std::string(pattern));
  }

  using Headers = std::vector<std::pair<std::string_view, std::string_view>>;

  /// Hands a request without body or parameters to the route and comes back at once.
  std::future<StubAnswer> call(Method method, std::string_view pattern, const Headers& headers = {}) {
    auto sink = std::make_shared<AnswerSink>();
    std::future<StubAnswer> answer = sink->answer();
    HttpRequest request;
    request.method = method;
    request.target = pattern;
    request.path = pattern;
    request.headers = headers;
    request.request_id = "test";
    request.peer = "127.0.0.1";
    route(method, pattern).handler(request, Responder(std::move(sink)));
    return answer;
  }

private:
  std::vector<Route> routes_;
};

}  // namespace penstock::test
