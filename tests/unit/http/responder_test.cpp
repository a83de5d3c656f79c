#include "server_fixture.h"

#include <boost/json/parse.hpp>

#include <thread>

namespace penstock::test {
namespace {

using Responders = ServerFixture;

TEST_F(Responders, AnswerFromAnyThread) {
  serve();
  constexpr int kClients = 8;
  constexpr int kRequests = 50;
  std::vector<std::jthread> threads;
  std::jthread answering([this] {
    for (int i = 0; i < kClients * kRequests; ++i) {
      Held held = nextHeld();
      std::string body(held.request->body);
      held.responder.send(ok(std::move(body)));
    }
  });
  for (int c = 0; c < kClients; ++c)
    threads.emplace_back([this, c] {
      RawClient client(port);
      for (int i = 0; i < kRequests; ++i) {
        const std::string body = std::to_string(c * 1000 + i);
        ASSERT_EQ(client.ask(post("/held", body)).body, body);
      }
    });
}

TEST_F(Responders, SendProblems) {
  serve();
  RawClient client(port);
  client.send(post("/held?x=1", "{}", "X-Request-Id: mine.1\r\n"));
  nextHeld().responder.send(
      Problem{400, "validation_failed", "say \"why\"", {{"to", "is missing"}, {"body", "is empty"}}, 7});
  const RawAnswer answer = client.answer();
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.header("retry-after"), "7");
  EXPECT_EQ(answer.header("x-request-id"), "mine.1");
  EXPECT_EQ(boost::json::parse(answer.body), boost::json::parse(R"({"type":"about:blank","title":"Bad Request",
    "status":400,"detail":"say \"why\"","instance":"/held","code":"validation_failed","request_id":"mine.1",
    "errors":[{"field":"to","message":"is missing"},{"field":"body","message":"is empty"}]})"));
  EXPECT_EQ(metrics.value("penstock_http_request_seconds{route=\"/held\"}"), 1);
  EXPECT_EQ(metrics.value("penstock_http_responses_total{status=\"400\"}"), 1);
}

TEST_F(Responders, AnswerOnlyOnce) {
  serve();
  RawClient client(port);
  client.send(post("/held", "{}") + get("/livez"));
  Held held = nextHeld();
  held.responder.send(ok("first"));
  held.responder.send(ok("second"));
  EXPECT_EQ(client.answer().body, "first");
  EXPECT_EQ(client.answer().body, "{}");
}

TEST_F(Responders, ThatAreDroppedAnswer500) {
  serve();
  RawClient client(port);
  EXPECT_EQ(client.ask(get("/drops")).status, 500);
  EXPECT_EQ(metrics.value("penstock_http_abandoned_total"), 1);
  client.send(post("/held", "{}"));
  { const Held dropped = nextHeld(); }
  EXPECT_EQ(client.answer().status, 500);
  EXPECT_EQ(metrics.value("penstock_http_abandoned_total"), 2);
  EXPECT_EQ(log.count("http.abandoned"), 2U);
  EXPECT_EQ(client.ask(get("/livez")).status, 200);
  EXPECT_EQ(metrics.value("penstock_http_in_flight"), 0);
}

TEST_F(Responders, OfHandlersThatThrowAnswer500WithoutDetail) {
  serve();
  RawClient client(port);
  const RawAnswer answer = client.ask(get("/throws"));
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body.find("secret"), std::string::npos);
  EXPECT_EQ(client.ask(get("/livez")).status, 200);
  EXPECT_EQ(metrics.value("penstock_http_handler_failures_total"), 1);
  ASSERT_EQ(log.count("http.handler_failed"), 1U);
  for (const auto& line : log.lines()) {
    EXPECT_EQ(line.getText().find("secret"), std::string::npos);
    EXPECT_EQ(line.get("exception", "std::runtime_error"), "std::runtime_error");
  }
}

TEST_F(Responders, WhoseClientIsGoneAreHarmless) {
  serve();
  {
    RawClient client(port);
    client.send(post("/held", "{}"));
  }
  Held held = nextHeld();
  EXPECT_EQ(held.request->body, "{}");
  held.responder.send(ok("nobody reads this"));
  RawClient other(port);
  while (metrics.value("penstock_http_connections") > 1) ASSERT_EQ(other.ask(get("/livez")).status, 200);
}

TEST_F(Responders, MayOutliveTheServer) {
  serve();
  RawClient client(port);
  client.send(post("/held", "{\"still\":\"here\"}"));
  Held held = nextHeld();
  server.reset();
  EXPECT_EQ(held.request->body, "{\"still\":\"here\"}");
  EXPECT_TRUE(client.closed());
  held.responder.send(ok("too late"));
}

TEST_F(Responders, CannotBeMadeToSplitTheAnswer) {
  headers = {{"Location", "/a\r\nSet-Cookie: b\r\n\r\n<html>\x01"},
             {"Bad Name", "x"},
             {"Server", "me"},
             {"content-length", "1"},
             {"X-Kept", "yes"},
             {"content-security-policy", "default-src 'self'"}};
  serve();
  RawClient client(port);
  const RawAnswer answer = client.ask(get("/headers"));
  EXPECT_EQ(answer.body, "{}");
  EXPECT_EQ(answer.header("location"), "/a  Set-Cookie: b    <html> ");
  EXPECT_EQ(answer.header("x-kept"), "yes");
  EXPECT_EQ(answer.header("content-length"), "2");
  EXPECT_EQ(answer.header("content-security-policy"), "default-src 'self'");
  for (const char* name : {"set-cookie", "bad name", "server"}) EXPECT_EQ(answer.headers.count(name), 0U) << name;
  EXPECT_EQ(client.ask(get("/livez")).status, 200);
}

TEST_F(Responders, GiveEveryAnswerItsHeaders) {
  serve();
  RawClient client(port);
  for (const std::string& request : {get("/livez"), get("/nowhere"), get("/throws"), std::string("bad\r\n\r\n")}) {
    const RawAnswer answer = client.ask(request);
    EXPECT_EQ(answer.header("x-content-type-options"), "nosniff");
    EXPECT_EQ(answer.header("x-frame-options"), "DENY");
    EXPECT_EQ(answer.header("referrer-policy"), "no-referrer");
    EXPECT_EQ(answer.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
    EXPECT_EQ(answer.header("cache-control"), "no-store");
    EXPECT_EQ(answer.header("x-request-id").size(), 32U);
    EXPECT_EQ(answer.header("date").size(), 29U);
    EXPECT_EQ(answer.headers.count("server"), 0U);
  }
}

TEST_F(Responders, RepeatOnlySaneRequestIds) {
  serve();
  RawClient client(port);
  EXPECT_EQ(client.ask(get("/livez", "X-Request-Id: A-z_0.9\r\n")).header("x-request-id"), "A-z_0.9");
  const std::string longest(64, 'a');
  EXPECT_EQ(client.ask(get("/livez", "x-request-id: " + longest + "\r\n")).header("x-request-id"), longest);
  for (const std::string& bad :
       {std::string(), longest + "a", std::string("a b"), std::string("a\"b"), std::string("\xc3\xa4")})
    EXPECT_EQ(client.ask(get("/livez", "X-Request-Id: " + bad + "\r\n")).header("x-request-id").size(), 32U) << bad;
  EXPECT_NE(client.ask(get("/livez", "X-Request-Id: a\r\nX-Request-Id: a\r\n")).header("x-request-id"), "a");
}

}  // namespace
}  // namespace penstock::test
