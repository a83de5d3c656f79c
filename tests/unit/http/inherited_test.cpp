#include "server_fixture.h"

#include "http/adopt.h"
#include "penstock/plugin.h"
#include "support/temporary_folder.h"

#include <fcntl.h>
#include <sys/stat.h>

namespace penstock::test {
namespace {

using namespace std::chrono_literals;

/// A listening TCP socket as a service manager holds one.
FileDescriptor tcpSocket(std::uint16_t& port, int kind = SOCK_STREAM, bool listening = true) {
  FileDescriptor socket(::socket(AF_INET, kind, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), length), 0);
  if (listening) {
    EXPECT_EQ(::listen(socket.get(), 64), 0);
  }
  EXPECT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
  port = ntohs(address.sin_port);
  return socket;
}

FileDescriptor unixSocket(const std::string& path, mode_t mode) {
  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  EXPECT_EQ(::chmod(path.c_str(), mode), 0);
  EXPECT_EQ(::listen(socket.get(), 64), 0);
  return socket;
}

FileDescriptor copyOf(const FileDescriptor& socket) { return FileDescriptor(::dup(socket.get())); }

std::string refusalOf(ListenerName name, FileDescriptor socket) {
  try {
    adoptListener(name, std::move(socket));
  } catch (const StartFailure& failure) {
    EXPECT_TRUE(failure.configuration);
    return failure.what();
  }
  return "taken";
}

class Inherited : public ServerFixture {
protected:
  void serveOn(ListenerSockets sockets, HttpOptions options = quickOptions()) {
    server = std::make_unique<HttpServer>(std::move(options), metrics, log.log(), health);
    server->add(route(Method::Get, "/livez", [](HttpRequest&, Responder responder) { responder.send(ok("live")); }));
    Route status = route(Method::Get, "/status", [](HttpRequest&, Responder responder) { responder.send(ok("well")); });
    status.listener = ListenerName::Admin;
    server->add(std::move(status));
    server->inherit(std::move(sockets));
    server->open();
    port = server->port(ListenerName::Public);
  }
};

TEST_F(Inherited, SocketsAreUsedInsteadOfTheConfiguredPlace) {
  std::uint16_t passed = 0;
  const FileDescriptor kept = tcpSocket(passed);
  HttpOptions options = quickOptions();
  options.public_listener->address = "192.0.2.1";
  serveOn({copyOf(kept), {}}, options);
  EXPECT_EQ(port, passed);
  EXPECT_EQ(server->place(ListenerName::Public), "127.0.0.1:" + std::to_string(passed));
  EXPECT_EQ(RawClient(passed).ask(get("/livez")).body, "live");
}

TEST_F(Inherited, ConnectionsThatWaitAreAnsweredByTheNext) {
  std::uint16_t passed = 0;
  const FileDescriptor kept = tcpSocket(passed);
  RawClient before(passed);
  before.send(get("/livez"));
  serveOn({copyOf(kept), {}});
  EXPECT_EQ(before.answer().body, "live");
  server->drain(std::chrono::steady_clock::now() + 20s);
  RawClient between(passed);
  between.send(get("/livez"));
  server->close();
  serveOn({copyOf(kept), {}});
  EXPECT_EQ(between.answer().body, "live");
}

TEST_F(Inherited, UnixSocketsStayWhenTheServiceEnds) {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "admin.sock";
  const FileDescriptor kept = unixSocket(path, 0600);
  serveOn({FileDescriptor(), copyOf(kept)});
  EXPECT_EQ(RawClient(path).ask(get("/status")).body, "well");
  server->close();
  RawClient waiting(path);
  waiting.send(get("/status"));
  serveOn({FileDescriptor(), copyOf(kept)});
  EXPECT_EQ(waiting.answer().body, "well");
}

TEST(AdoptListener, MakesTheSocketNonBlockingAndClosedOnExec) {
  std::uint16_t port = 0;
  const Bound bound = adoptListener(ListenerName::Public, tcpSocket(port));
  EXPECT_EQ(bound.port, port);
  EXPECT_TRUE(bound.inherited);
  EXPECT_NE(::fcntl(bound.socket.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(bound.socket.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(AdoptListener, RefusesWhatDoesNotListenForStreams) {
  const std::string sentence =
      "http: cannot take the socket public that was passed: it is no TCP or unix stream socket that listens; use "
      "ListenStream= with Accept=no";
  std::uint16_t port = 0;
  EXPECT_EQ(refusalOf(ListenerName::Public, tcpSocket(port, SOCK_STREAM, false)), sentence);
  EXPECT_EQ(refusalOf(ListenerName::Public, tcpSocket(port, SOCK_DGRAM, false)), sentence);
  EXPECT_EQ(refusalOf(ListenerName::Public, FileDescriptor(::open("/dev/null", O_RDONLY))), sentence);
}

TEST(AdoptListener, KeepsOthersFromTheOperatorsSocket) {
  const TemporaryFolder folder;
  const std::string open = folder.path() / "open.sock";
  EXPECT_EQ(refusalOf(ListenerName::Admin, unixSocket(open, 0666)),
            "http: cannot take the socket admin that was passed: " + open +
                " is open to everybody; set SocketMode=0600 in the socket unit");
  EXPECT_EQ(refusalOf(ListenerName::Admin, unixSocket(folder.path() / "group.sock", 0660)), "taken");
  EXPECT_EQ(refusalOf(ListenerName::Public, unixSocket(folder.path() / "public.sock", 0666)), "taken");

  FileDescriptor abstract(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;  // the kernel picks an abstract name
  ASSERT_EQ(::bind(abstract.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name.sun_family), 0);
  ASSERT_EQ(::listen(abstract.get(), 1), 0);
  EXPECT_NE(refusalOf(ListenerName::Admin, std::move(abstract)).find("has no path"), std::string::npos);
}

}  // namespace
}  // namespace penstock::test
