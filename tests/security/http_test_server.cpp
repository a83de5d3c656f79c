#include "http/config.h"
#include "http/server.h"
#include "support/recorded_metrics.h"
#include "support/row_config.h"
#include "support/stub_health_board.h"

#include <Poco/Logger.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

namespace penstock::test {
namespace {

HttpResponse text(std::string body) { return HttpResponse{200, "application/json", std::move(body), {}}; }

Route route(Method method, std::string_view pattern, HttpHandler handler) {
  Route made;
  made.method = method;
  made.pattern = pattern;
  made.handler = std::move(handler);
  return made;
}

void addRoutes(HttpServer& server, RecordedMetrics& metrics, std::atomic<unsigned>& handed) {
  Route echo = route(Method::Post, "/echo", [&handed](HttpRequest& request, Responder responder) {
    ++handed;
    responder.send(text(std::string(request.body)));
  });
  echo.body = BodyRule::Json;
  server.add(std::move(echo));
  server.add(route(Method::Get, "/handed",
                   [&handed](HttpRequest&, Responder responder) { responder.send(text(std::to_string(handed))); }));
  server.add(route(Method::Get, "/big", [](HttpRequest&, Responder responder) {
    responder.send(text(std::string(std::size_t{4} << 20, 'x')));
  }));
  server.add(route(Method::Get, "/connections", [&metrics](HttpRequest&, Responder responder) {
    responder.send(text(std::to_string(static_cast<int>(metrics.value("penstock_http_connections")))));
  }));
}

/// http_test_server key=value …: keys are the rows of section http. Prints its port; ends on TERM after a drain.
int serve(int count, char** arguments) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);

  Overrides overrides{{"public.port", "0"}};
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    overrides[argument.substr(0, argument.find('='))] = argument.substr(argument.find('=') + 1);
  }
  HttpOptions options = httpOptions(RowConfig(kHttpRows, overrides), ".");
  options.admin_listener.reset();
  RecordedMetrics metrics;
  StubHealthBoard health;
  std::atomic<unsigned> handed{0};
  HttpServer server(options, metrics, Log(Poco::Logger::get("http")), health);
  addRoutes(server, metrics, handed);
  server.open();
  std::printf("%d\n", server.port(ListenerName::Public));
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  server.drain(std::chrono::steady_clock::now() + std::chrono::seconds{5});
  server.close();
  return 0;
}

}  // namespace
}  // namespace penstock::test

int main(int count, char** arguments) {
  try {
    return penstock::test::serve(count, arguments);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 69;
  }
}
