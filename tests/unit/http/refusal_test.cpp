#include "server_fixture.h"

#include <boost/json/parse.hpp>

namespace penstock::test {
namespace {

using Refusals = ServerFixture;

std::string code(const RawAnswer& answer) {
  return std::string(boost::json::parse(answer.body).as_object().at("code").as_string());
}

TEST_F(Refusals, OfUnknownPathsKeepTheConnection) {
  serve();
  RawClient client(port);
  const RawAnswer answer = client.ask(get("/nowhere?to=+15551234567"));
  EXPECT_EQ(answer.status, 404);
  const auto problem = boost::json::parse(answer.body).as_object();
  EXPECT_EQ(problem.at("title").as_string(), "Not Found");
  EXPECT_EQ(problem.at("instance").as_string(), "/nowhere");
  EXPECT_EQ(client.ask(get("/livez")).status, 200);
  EXPECT_EQ(client.ask("BREW /nowhere HTTP/1.1\r\nHost: a\r\n\r\n").status, 404);
}

TEST_F(Refusals, OfMethodsNameTheAllowedOnes) {
  serve();
  RawClient client(port);
  for (const char* method : {"DELETE", "PATCH", "OPTIONS", "TRACE", "BREW", "get"}) {
    const RawAnswer answer = client.ask(std::string(method) + " /items/1 HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_EQ(answer.header("allow"), "GET, HEAD, PUT") << method;
  }
  EXPECT_EQ(client.ask(get("/echo")).header("allow"), "POST");
  EXPECT_EQ(client.ask("HEAD /echo HTTP/1.1\r\nHost: a\r\n\r\n", true).status, 405);
}

TEST_F(Refusals, OfBodiesThatAreNotJson) {
  serve();
  for (const char* type :
       {"text/plain", "application/jsonx", "application/xml; a=application/json", "application", ""}) {
    RawClient client(port);
    const RawAnswer answer = client.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: " + std::string(type) +
                                        "\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(answer.status, 415) << type;
    EXPECT_EQ(answer.header("connection"), "close");
  }
  RawClient untyped(port);
  EXPECT_EQ(untyped.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}").status, 415);
  RawClient packed(port);
  EXPECT_EQ(packed.ask(post("/echo", "{}", "Content-Encoding: gzip\r\n")).status, 415);
  RawClient fine(port);
  EXPECT_EQ(fine.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: Application/JSON ;charset=utf-8\r\n"
                     "Content-Length: 2\r\n\r\n{}")
                .status,
            200);
  EXPECT_EQ(fine.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").status, 200);
  EXPECT_EQ(handed, 2);
}

TEST_F(Refusals, OfClientsThatExcludeJson) {
  serve();
  RawClient client(port);
  const RawAnswer answer = client.ask(get("/items/1", "Accept: text/html\r\n"));
  EXPECT_EQ(answer.status, 406);
  EXPECT_EQ(answer.header("content-type"), "application/problem+json");
  EXPECT_EQ(client.ask(get("/items/1", "Accept: */*\r\n")).status, 200);
  EXPECT_EQ(client.ask(get("/livez", "Accept: text/html\r\n")).status, 200);
}

TEST_F(Refusals, OfExpectationsComeWithoutAnInvitation) {
  serve();
  RawClient strange(port);
  EXPECT_EQ(strange.ask("POST /raw HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 2\r\n\r\n").status, 417);
  RawClient large(port);
  const RawAnswer answer =
      large.ask("POST /raw HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 99999\r\n\r\n");
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(handed, 0);
}

TEST_F(Refusals, OfBodiesGoByTheBoundOfTheCall) {
  serve();
  const std::string body(8192, 'x');
  RawClient client(port);
  EXPECT_EQ(client.ask(post("/large", body)).body, body);
  const std::string chunked = " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(client.ask("POST /large" + chunked + "2000\r\n" + body + "\r\n0\r\n\r\n").body, body);
  EXPECT_EQ(client.ask(post("/large", body + 'x')).status, 413);
  RawClient larger(port);
  EXPECT_EQ(larger.ask("POST /large" + chunked + "2001\r\n").status, 413);
  RawClient elsewhere(port);
  EXPECT_EQ(elsewhere.ask(post("/raw", std::string(4097, 'x'))).status, 413);
}

TEST_F(Refusals, AreSeenByAClientThatGoesOnSending) {
  serve();
  RawClient client(port);
  client.send("POST /raw HTTP/1.1\r\nHost: a\r\nContent-Length: 8000000\r\n\r\n");
  EXPECT_TRUE(client.send(std::string(8'000'000, 'x')));
  const RawAnswer answer = client.answer();
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(code(answer), "body_too_large");
}

TEST_F(Refusals, OfBodiesBeyondTheBudgetAreTemporary) {
  HttpOptions options = quickOptions();
  options.max_body = 64 << 10;
  options.max_buffered = 24 << 10;
  serve(options);
  RawClient client(port);
  const RawAnswer answer = client.ask(post("/raw", std::string(60'000, 'x')));
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(code(answer), "overloaded");
  EXPECT_EQ(answer.header("retry-after"), "1");
  client.finish();
  EXPECT_TRUE(client.closed());
  RawClient small(port);
  EXPECT_EQ(small.ask(post("/raw", std::string(3000, 'x'))).status, 200);
}

}  // namespace
}  // namespace penstock::test
