#include "server_fixture.h"

#include <chrono>

namespace penstock::test {
namespace {

using namespace std::chrono_literals;
using Deadlines = ServerFixture;

TEST_F(Deadlines, OfHeadsAreTotal) {
  HttpOptions options = quickOptions();
  options.header_timeout = 300ms;
  serve(options);
  RawClient client(port);
  client.send("GET /livez HTTP/1.1\r\nHost:");
  const RawAnswer answer = client.answer();
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.header("connection"), "close");
  client.finish();
  EXPECT_TRUE(client.closed());
}

TEST_F(Deadlines, OfBodies) {
  HttpOptions options = quickOptions();
  options.body_timeout = 300ms;
  serve(options);
  RawClient client(port);
  EXPECT_EQ(client.ask("POST /raw HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab").status, 408);
  RawClient chunks(port);
  EXPECT_EQ(chunks.ask("POST /raw HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab").status, 408);
  EXPECT_EQ(handed, 0);
}

TEST_F(Deadlines, OfIdleConnectionsCloseThemSilently) {
  HttpOptions options = quickOptions();
  options.idle_timeout = 200ms;
  serve(options);
  RawClient fresh(port);
  RawClient used(port);
  EXPECT_EQ(used.ask(get("/livez")).status, 200);
  EXPECT_TRUE(fresh.closed());
  EXPECT_TRUE(used.closed());
  RawClient watcher(port);
  while (metrics.value("penstock_http_connections") > 1) ASSERT_EQ(watcher.ask(get("/livez")).status, 200);
}

TEST_F(Deadlines, DoNotRunWhileAHandlerWorks) {
  HttpOptions options = quickOptions();
  options.header_timeout = options.body_timeout = options.idle_timeout = 100ms;
  serve(options);
  RawClient idle(port);
  RawClient client(port);
  client.send(post("/held", "{}"));
  Held held = nextHeld();
  EXPECT_TRUE(idle.closed());
  held.responder.send(ok("done"));
  EXPECT_EQ(client.answer().body, "done");
}

TEST_F(Deadlines, OfReadersThatDoNotRead) {
  HttpOptions options = quickOptions();
  options.write_timeout = 300ms;
  big_bytes = 32 << 20;
  serve(options);
  RawClient client(port, 4096);
  client.send(get("/big"));
  RawClient watcher(port);
  while (metrics.value("penstock_http_cut_total{reason=\"slow_reader\"}") == 0)
    ASSERT_EQ(watcher.ask(get("/livez")).status, 200);
  EXPECT_THROW(client.answer(), std::runtime_error);
}

TEST_F(Deadlines, ArePushedBackByAReaderThatReads) {
  big_bytes = 8 << 20;
  serve();
  RawClient client(port, 4096);
  EXPECT_EQ(client.ask(get("/big")).body.size(), big_bytes);
  EXPECT_EQ(client.ask(get("/livez")).status, 200);
}

TEST_F(Deadlines, OfLingeringConnections) {
  HttpOptions options = quickOptions();
  options.linger_timeout = 200ms;
  serve(options);
  RawClient client(port);
  EXPECT_EQ(client.ask("nonsense\r\n\r\n").status, 400);
  RawClient watcher(port);
  while (metrics.value("penstock_http_connections") > 1) ASSERT_EQ(watcher.ask(get("/livez")).status, 200);
  EXPECT_TRUE(client.closed());
}

TEST_F(Deadlines, AnswersBeyondTheBudgetCutTheirReader) {
  HttpOptions options = quickOptions();
  options.max_buffered = 1 << 20;
  big_bytes = 32 << 20;
  serve(options);
  RawClient client(port, 4096);
  client.send(get("/big"));
  EXPECT_THROW(client.answer(), std::runtime_error);
  EXPECT_EQ(metrics.value("penstock_http_cut_total{reason=\"overloaded\"}"), 1);
}

}  // namespace
}  // namespace penstock::test
