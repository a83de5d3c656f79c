#include "server_fixture.h"

#include "penstock/plugin.h"
#include "support/temporary_folder.h"

#include <sys/stat.h>

namespace penstock::test {
namespace {

using Listeners = ServerFixture;

std::string refusalOf(HttpServer& server) {
  try {
    server.open();
  } catch (const StartFailure& failure) {
    return failure.what();
  }
  return "opened";
}

TEST_F(Listeners, AnswerConnectionsOverTheCap) {
  HttpOptions options = quickOptions();
  options.max_connections = 2;
  serve(options);
  RawClient first(port);
  RawClient second(port);
  EXPECT_EQ(first.ask(get("/livez")).status, 200);
  EXPECT_EQ(second.ask(get("/livez")).status, 200);
  for (int i = 0; i < 5; ++i) {
    RawClient third(port);
    const RawAnswer answer = third.ask(get("/livez"));
    EXPECT_EQ(answer.status, 503);
    EXPECT_NE(answer.body.find("too_many_connections"), std::string::npos);
    EXPECT_EQ(answer.header("retry-after"), "1");
  }
  EXPECT_EQ(first.ask(get("/livez", "Connection: close\r\n")).status, 200);
  EXPECT_TRUE(first.closed());
  RawClient again(port);
  EXPECT_EQ(again.ask(get("/livez")).status, 200);
  EXPECT_EQ(log.count("http.connection_cap"), 1U);
}

TEST_F(Listeners, RefuseAPortThatIsTaken) {
  serve();
  HttpOptions options = quickOptions();
  options.public_listener->port = port;
  HttpServer other(options, metrics, log.log(), health);
  EXPECT_EQ(refusalOf(other), "http: cannot listen on 127.0.0.1:" + std::to_string(port) +
                                  ": the port is taken; stop the other program, or set http.public.port");
}

TEST_F(Listeners, RefuseAddressesThatAreNone) {
  HttpOptions options = quickOptions();
  options.public_listener->address = "localhost";
  HttpServer named(options, metrics, log.log(), health);
  EXPECT_EQ(refusalOf(named),
            "http: http.public.address = \"localhost\": expected an IP address such as 127.0.0.1, 0.0.0.0 or ::");
  options.public_listener->address = "192.0.2.1";
  HttpServer foreign(options, metrics, log.log(), health);
  EXPECT_EQ(refusalOf(foreign),
            "http: cannot listen on 192.0.2.1:0: this machine has no such address; set http.public.address");
}

TEST_F(Listeners, KeepTheAdminSocketToItsOwner) {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "admin.sock";
  HttpOptions options = quickOptions();
  options.admin_listener = ListenerOptions{"", 0, path};
  server = std::make_unique<HttpServer>(options, metrics, log.log(), health);
  Route status = route(Method::Get, "/status", [](HttpRequest& request, Responder responder) {
    responder.send(ok(std::string(request.peer)));
  });
  status.listener = ListenerName::Admin;
  server->add(std::move(status));
  server->open();
  struct stat found {};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
  EXPECT_EQ(RawClient(path).ask(get("/status")).body, "unix");
  EXPECT_EQ(RawClient(server->port(ListenerName::Public)).ask(get("/status")).status, 404);

  HttpServer second(options, metrics, log.log(), health);
  EXPECT_EQ(refusalOf(second),
            "http: cannot listen on " + path + ": another service answers there; stop it or set http.admin.socket");
  server->close();
  EXPECT_NE(::stat(path.c_str(), &found), 0);
}

TEST_F(Listeners, ReplaceASocketWhoseOwnerIsGone) {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "admin.sock";
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  const int stale = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(stale, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  ::close(stale);
  HttpOptions options = quickOptions();
  options.public_listener->unix_path = path;
  serve(options);
  EXPECT_EQ(RawClient(path).ask(get("/livez")).status, 200);
}

TEST_F(Listeners, RefuseAPathThatIsNoSocket) {
  const TemporaryFolder folder;
  HttpOptions options = quickOptions();
  options.public_listener->unix_path = folder.path();
  HttpServer blocked(options, metrics, log.log(), health);
  EXPECT_NE(refusalOf(blocked).find("something that is no socket is there"), std::string::npos);
  options.public_listener->unix_path = folder.path() / std::string(200, 'x');
  HttpServer lengthy(options, metrics, log.log(), health);
  EXPECT_NE(refusalOf(lengthy).find("expected a path of at most 107 bytes"), std::string::npos);
}

TEST_F(Listeners, ShowThatEveryLoopIsAlive) {
  serve();
  for (const char* loop : {"http-0", "http-1"}) {
    const auto before = health.ticks(loop);
    RawClient client(port);
    while (health.ticks(loop) <= before) ASSERT_EQ(client.ask(get("/livez")).status, 200);
  }
}

TEST_F(Listeners, TakeNoRoutesOnceOpen) {
  serve();
  EXPECT_THROW(server->add(route(Method::Get, "/late", [](HttpRequest&, Responder) {})), std::logic_error);
}

}  // namespace
}  // namespace penstock::test
