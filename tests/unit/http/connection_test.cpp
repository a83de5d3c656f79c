#include "server_fixture.h"

namespace penstock::test {
namespace {

using Connections = ServerFixture;

TEST_F(Connections, StayOpenForTheNextRequest) {
  serve();
  RawClient client(port);
  for (int i = 0; i < 3; ++i) {
    const RawAnswer answer = client.ask(post("/echo", "{\"n\":" + std::to_string(i) + "}"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "{\"n\":" + std::to_string(i) + "}");
    EXPECT_EQ(answer.header("connection"), "");
  }
  EXPECT_EQ(metrics.value("penstock_http_connections"), 1);
}

TEST_F(Connections, AnswerPipelinedRequestsInOrder) {
  serve();
  RawClient client(port);
  constexpr int kRequests = 200;
  std::string all;
  for (int i = 0; i < kRequests; ++i)
    all += i % 2 == 0 ? post("/raw", std::to_string(i)) : get("/items/" + std::to_string(i));
  client.send(all);
  for (int i = 0; i < kRequests; ++i) {
    const std::string expected = i % 2 == 0 ? std::to_string(i) : "{\"id\":\"" + std::to_string(i) + "\",\"query\":[]}";
    ASSERT_EQ(client.answer().body, expected);
  }
}

TEST_F(Connections, HandOverOnePipelinedRequestAtATime) {
  serve();
  RawClient client(port);
  client.send(post("/held", "1") + post("/held", "2") + post("/raw", "3"));
  Held first = nextHeld();
  EXPECT_EQ(first.request->body, "1");
  EXPECT_EQ(metrics.value("penstock_http_in_flight"), 1);
  first.responder.send(ok("a"));
  Held second = nextHeld();
  EXPECT_EQ(second.request->body, "2");
  EXPECT_EQ(handed, 0);
  second.responder.send(ok("b"));
  EXPECT_EQ(client.answer().body, "a");
  EXPECT_EQ(client.answer().body, "b");
  EXPECT_EQ(client.answer().body, "3");
}

TEST_F(Connections, TakeRequestsByteByByte) {
  serve();
  RawClient client(port);
  const std::string chunked =
      "\r\nPOST /raw HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;name=\"value\"\r\nabc\r\n00a\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";
  for (const char byte : post("/echo", "{\"a\":1}") + chunked) client.send({&byte, 1});
  EXPECT_EQ(client.answer().body, "{\"a\":1}");
  EXPECT_EQ(client.answer().body, "abc0123456789");
}

TEST_F(Connections, TakeBodiesUpToTheLimit) {
  HttpOptions options = quickOptions();
  options.max_body = 300'000;
  serve(options);
  std::string body;
  while (body.size() < 300'000) body += static_cast<char>('a' + body.size() % 26);
  RawClient client(port);
  EXPECT_EQ(client.ask(post("/raw", body)).body, body);
  std::string chunks;
  for (std::size_t at = 0; at < body.size(); at += 4096) {
    char size[16];
    const std::string part = body.substr(at, 4096);
    std::snprintf(size, sizeof size, "%zx\r\n", part.size());
    chunks += size + part + "\r\n";
  }
  const std::string head = "POST /raw HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  client.send(head + chunks + "0\r\n\r\n" + get("/items/1"));
  EXPECT_EQ(client.answer().body, body);
  EXPECT_EQ(client.answer().status, 200);
}

TEST_F(Connections, CloseWhenTheClientSaysSo) {
  serve();
  RawClient client(port);
  const RawAnswer answer = client.ask(get("/livez", "Connection: foo, Close\r\n"));
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_TRUE(client.closed());
}

TEST_F(Connections, CloseAfterOneZeroUnlessKeptAlive) {
  serve();
  RawClient once(port);
  EXPECT_EQ(once.ask("GET /livez HTTP/1.0\r\n\r\n").header("connection"), "close");
  EXPECT_TRUE(once.closed());
  RawClient kept(port);
  const std::string request = "GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  EXPECT_EQ(kept.ask(request).header("connection"), "keep-alive");
  EXPECT_EQ(kept.ask(request).status, 200);
}

TEST_F(Connections, AnswerAClientThatHasFinishedSending) {
  serve();
  RawClient client(port);
  client.send(post("/held", "{}"));
  client.finish();
  nextHeld().responder.send(ok("late"));
  EXPECT_EQ(client.answer().body, "late");
  EXPECT_TRUE(client.closed());
}

TEST_F(Connections, AnswerHeadLikeGetWithoutTheBody) {
  serve();
  RawClient client(port);
  const RawAnswer whole = client.ask(get("/items/7"));
  const RawAnswer head = client.ask("HEAD /items/7 HTTP/1.1\r\nHost: a\r\n\r\n", true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-length"), std::to_string(whole.body.size()));
  EXPECT_EQ(head.header("content-type"), whole.header("content-type"));
  EXPECT_EQ(client.ask("HEAD /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", true).status, 404);
  EXPECT_EQ(client.ask(get("/livez")).status, 200);
}

TEST_F(Connections, InviteABodyThatWaitsForIt) {
  serve();
  RawClient client(port);
  EXPECT_EQ(client.ask("POST /raw HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n").status,
            100);
  EXPECT_EQ(client.ask("hi").body, "hi");
  EXPECT_EQ(client.ask(post("/raw", "sent at once", "Expect: 100-continue\r\n")).body, "sent at once");
  EXPECT_EQ(client.ask(post("/raw", "", "Expect: 100-continue\r\n")).status, 200);
  EXPECT_EQ(
      client.ask("POST /raw HTTP/1.0\r\nConnection: keep-alive\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi")
          .body,
      "hi");
}

TEST_F(Connections, UnderstandAbsoluteAndAsteriskTargets) {
  serve();
  RawClient client(port);
  EXPECT_EQ(client.ask("GET http://other:80/items/5?a=b HTTP/1.1\r\nHost: a\r\n\r\n").body,
            "{\"id\":\"5\",\"query\":[\"a=b\"]}");
  EXPECT_EQ(client.ask("GET https://other HTTP/1.1\r\nHost: a\r\n\r\n").status, 404);
  const RawAnswer options = client.ask("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(options.status, 204);
  EXPECT_NE(options.header("allow").find("POST"), std::string::npos);
  EXPECT_EQ(client.ask(get("/livez")).status, 200);
}

TEST_F(Connections, DecodePathAndQuery) {
  serve();
  RawClient client(port);
  EXPECT_EQ(client.ask(get("/items/a%2Fb%20+c?x=1+2&y=%C3%A4&&z")).body,
            "{\"id\":\"a/b +c\",\"query\":[\"x=1 2\",\"y=\xc3\xa4\",\"z=\"]}");
  EXPECT_EQ(client.ask(get("/%69tems/1")).status, 200);
  EXPECT_EQ(client.ask(get("/items%2F1")).status, 404);
  for (const char* bad : {"/items/%", "/items/%4", "/items/%zz", "/items/%00", "/items/%ff", "/items/%C0%AF",
                          "/items/1?a=%0", "/items/1?%00=a", "/items/1?a=%ed%a0%80"})
    EXPECT_EQ(client.ask(get(bad)).status, 400) << bad;
}

TEST_F(Connections, GoOverAUnixSocketToo) {
  const std::string path = ::testing::TempDir() + "penstock-" + std::to_string(::getpid()) + ".sock";
  HttpOptions options = quickOptions();
  options.public_listener->unix_path = path;
  serve(options);
  RawClient client(path);
  EXPECT_EQ(client.ask(post("/raw", "x")).body, "x");
}

}  // namespace
}  // namespace penstock::test
