#include "server_fixture.h"

#include <thread>

namespace penstock::test {
namespace {

using namespace std::chrono_literals;
using Drains = ServerFixture;

SteadyTime in(std::chrono::milliseconds span) { return std::chrono::steady_clock::now() + span; }

TEST_F(Drains, CloseIdleConnectionsAndTakeNoNewOnes) {
  serve();
  RawClient idle(port);
  EXPECT_EQ(idle.ask(get("/livez")).status, 200);
  const SteadyTime deadline = in(20s);
  server->drain(deadline);
  EXPECT_LT(std::chrono::steady_clock::now(), deadline);
  EXPECT_TRUE(idle.closed());
  EXPECT_THROW(RawClient{port}, std::runtime_error);
}

/// A drain that has begun: the connection that was idle is closed.
class Begun {
public:
  Begun(HttpServer& server, std::uint16_t port, std::chrono::milliseconds limit = 20s) : idle_(port) {
    idle_.ask("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n");
    drain_ = std::jthread([&server, limit] { server.drain(in(limit)); });
    idle_.closed();
  }

private:
  RawClient idle_;
  std::jthread drain_;
};

TEST_F(Drains, AnswerWhatIsInFlightAndClose) {
  serve();
  RawClient handled(port);
  handled.send(post("/held", "{}"));
  Held held = nextHeld();
  RawClient sending(port);
  EXPECT_EQ(sending.ask("POST /raw HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n").status,
            100);
  const Begun drain(*server, port);
  held.responder.send(ok("done"));
  RawAnswer answer = handled.answer();
  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_TRUE(handled.closed());
  answer = sending.ask("ab");
  EXPECT_EQ(answer.body, "ab");
  EXPECT_EQ(answer.header("connection"), "close");
}

TEST_F(Drains, RefuseNewRequestsButThoseOfHealthChecks) {
  serve();
  RawClient late(port);
  RawClient check(port);
  late.send("GET /items/1 HTTP/1.1\r\n");
  check.send("GET /livez HTTP/1.1\r\n");
  const Begun drain(*server, port);
  const RawAnswer answer = late.ask("Host: a\r\n\r\n");
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(answer.body.find("\"code\":\"draining\""), std::string::npos);
  EXPECT_EQ(answer.header("retry-after"), "5");
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_EQ(check.ask("Host: a\r\n\r\n").status, 200);
}

TEST_F(Drains, DoNotWaitForHeadsThatTrickle) {
  serve();
  RawClient slow(port);
  slow.send("GET /items/1 HTTP/1.1\r\n");
  const Begun drain(*server, port);
  EXPECT_EQ(slow.answer().status, 503);
}

TEST_F(Drains, EndAtTheDeadlineAndDropTheRest) {
  serve();
  RawClient client(port);
  client.send(post("/held", "{}"));
  Held held = nextHeld();
  server->drain(in(50ms));
  server->close();
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(held.request->body, "{}");
  held.responder.send(ok("too late"));
}

}  // namespace
}  // namespace penstock::test
