#include "receiver.h"
#include "transport_fixture.h"

namespace penstock::http_transport {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

using Sending = TransportTest;

Receiver::Script says(const std::string& text) {
  return [text](Receiver::Connection& connection) {
    while (!connection.request().empty()) connection.say(text);
  };
}

TEST_F(Sending, TheRequestArrivesAsGivenAndTheAnswerComesBack) {
  Receiver receiver(says("HTTP/1.1 202 Accepted\r\nX-Id:  7 \r\nX-Id: 8\r\nContent-Length: 3\r\n\r\nyes"));
  const OutboundResponse response = answered({.method = "PUT",
                                              .url = receiver.url("/a/../b?c=%20"),
                                              .headers = {{"X-One", "1"}, {"X-Empty", ""}},
                                              .body = "body"});
  EXPECT_EQ(response.status, 202U);
  EXPECT_EQ(response.body, "yes");
  EXPECT_FALSE(response.truncated);
  EXPECT_GT(response.latency, Duration::zero());
  EXPECT_THAT(response.headers, ElementsAre(Pair("x-id", "7"), Pair("x-id", "8"), Pair("content-length", "3")));
  const std::string request = receiver.requests().at(0);
  EXPECT_THAT(request, StartsWith("PUT /a/../b?c=%20 HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nX-One: 1\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nX-Empty:\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nContent-Length: 4\r\n"));
  EXPECT_THAT(request, Not(HasSubstr("Content-Type")));
  EXPECT_THAT(request, testing::EndsWith("\r\n\r\nbody"));
  EXPECT_EQ(fixture->metrics.value("penstock_transport_requests_total{outcome=\"answered\"}"), 1);
}

TEST_F(Sending, EveryMethodIsSentAsItself) {
  Receiver receiver(says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
    EXPECT_EQ(answered({.method = method, .url = receiver.url(), .headers = {}, .body = {}}).status, 200U);
    EXPECT_THAT(receiver.requests().back(), StartsWith(std::string(method) + " / HTTP/1.1\r\n"));
  }
}

TEST_F(Sending, AConnectionIsUsedAgain) {
  Receiver receiver(says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  for (int i = 0; i < 20; ++i) answered(post(receiver.url()));
  EXPECT_EQ(receiver.connections(), 1);
  EXPECT_EQ(receiver.requests().size(), 20U);
  EXPECT_EQ(fixture->metrics.value("penstock_transport_connections_total"), 1);
}

TEST_F(Sending, ALargeRequestArrivesWholeWithoutBeingAskedFor) {
  Receiver receiver(says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  const std::string body(3U << 20U, 'x');
  EXPECT_EQ(answered(post(receiver.url(), body)).status, 200U);
  EXPECT_THAT(receiver.requests().at(0).size(), testing::Gt(body.size()));
  EXPECT_EQ(receiver.requests().at(0).find("Expect:"), std::string::npos);
}

TEST_F(Sending, ARedirectIsAnAnswerAndNotFollowed) {
  Receiver elsewhere(says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  Receiver receiver(says("HTTP/1.1 301 Moved\r\nLocation: " + elsewhere.url() + "\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_EQ(answered(post(receiver.url())).status, 301U);
  Receiver hostile(says("HTTP/1.1 307 Moved\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_EQ(answered(post(hostile.url())).status, 307U);
  EXPECT_EQ(elsewhere.connections(), 0);
}

TEST_F(Sending, OnlyTheBeginningOfALongAnswerIsRead) {
  const std::string body(10U << 20U, 'y');
  Receiver receiver(says("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body));
  const OutboundResponse response = answered(post(receiver.url()));
  EXPECT_EQ(response.status, 200U);
  EXPECT_TRUE(response.truncated);
  EXPECT_EQ(response.body, body.substr(0, 64U << 10U));
}

TEST_F(Sending, AnAnswerOfJustTheLimitIsWhole) {
  const std::string body(64U << 10U, 'y');
  Receiver receiver(says("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body));
  const OutboundResponse response = answered(post(receiver.url()));
  EXPECT_FALSE(response.truncated);
  EXPECT_EQ(response.body, body);
}

TEST_F(Sending, ChunksAndInterimAnswersAreUnderstood) {
  Receiver receiver(
      says("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Late: 1\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nX-After: "
           "1\r\n\r\n"));
  const OutboundResponse response = answered(post(receiver.url()));
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.body, "abc");
  EXPECT_THAT(response.headers, ElementsAre(Pair("transfer-encoding", "chunked"), Pair("x-late", "1")));
}

TEST_F(Sending, WhatCannotBeWrittenIsMalformed) {
  Receiver receiver(says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  OutboundRequest wrong = post(receiver.url());
  for (const auto& header : std::vector<std::pair<std::string, std::string>>{{"Host", "other"},
                                                                             {"content-length", "0"},
                                                                             {"Transfer-Encoding", "chunked"},
                                                                             {"Connection", "close"},
                                                                             {"Expect", "100-continue"},
                                                                             {"X Y", "1"},
                                                                             {"", "1"},
                                                                             {"X:", "1"},
                                                                             {"X", "1\r\nY: 2"},
                                                                             {"X", std::string("1\0", 2)}}) {
    wrong.headers = {header};
    const SendFailure failure = failed(wrong);
    EXPECT_EQ(failure.fault, SendFault::Malformed) << header.first;
    EXPECT_FALSE(failure.may_have_left);
  }
  for (const char* method : {"", "CONNECT", "TRACE", "HEAD", "post", "POST / HTTP/1.1\r\nX:"})
    EXPECT_EQ(failed({.method = method, .url = receiver.url(), .headers = {}, .body = {}}).fault, SendFault::Malformed)
        << method;
  EXPECT_EQ(failed(post("https://user@hooks.example/")).fault, SendFault::Malformed);
  EXPECT_EQ(receiver.connections(), 0);
}

TEST_F(Sending, TheGuardStandsInFrontOfEveryRequest) {
  Receiver receiver(says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  open({{"allow", ""}, {"ports", std::to_string(receiver.port())}});
  for (const std::string& url : {receiver.url(), "https://127.0.0.1:" + std::to_string(receiver.port()) + '/',
                                 "https://localhost:" + std::to_string(receiver.port()) + '/',
                                 "https://[::ffff:127.0.0.1]:" + std::to_string(receiver.port()) + '/'}) {
    const SendFailure failure = failed(post(url));
    EXPECT_EQ(failure.fault, SendFault::Forbidden) << url;
    EXPECT_FALSE(failure.may_have_left);
  }
  EXPECT_EQ(receiver.connections(), 0);
  EXPECT_EQ(fixture->metrics.value("penstock_transport_requests_total{outcome=\"forbidden\"}"), 4);
}

TEST_F(Sending, WhatIsWrongInTheConfigurationIsSaidAtOnce) {
  test::PluginFixture wrong(PENSTOCK_HTTP_TRANSPORT, &clock,
                            {{"allow", "http://x.example"},
                             {"ports", "443,x"},
                             {"proxy.url", "proxy.example"},
                             {"ca_file", "/no/such/file"}});
  try {
    wrong.start();
    FAIL();
  } catch (const StartFailure& failure) {
    EXPECT_TRUE(failure.configuration);
    EXPECT_THAT(failure.what(), testing::AllOf(HasSubstr("http-transport.allow has \"http://x.example\""),
                                               HasSubstr("http-transport.ports has \"x\""),
                                               HasSubstr("http-transport.proxy.url"), HasSubstr("/no/such/file")));
  }
}

TEST_F(Sending, ALoopThatIsHeldUpIsSeenByItsHeartbeat) {
  open({{"threads", "1"}});
  const std::string loop = "http-transport/1";
  Receiver receiver(says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  std::promise<void> entered;
  std::promise<void> left;
  transport().send(post(receiver.url()), clock.now() + seconds(20), [&](const SendOutcome&) {
    entered.set_value();
    left.get_future().wait();
  });
  entered.get_future().wait();
  const std::uint64_t held = fixture->board.ticks(loop);
  EXPECT_GT(held, 0U);
  auto later = send(post(receiver.url()));
  EXPECT_EQ(fixture->board.ticks(loop), held);
  left.set_value();
  EXPECT_TRUE(std::holds_alternative<OutboundResponse>(later.get()));
  EXPECT_GT(fixture->board.ticks(loop), held);
}

}  // namespace
}  // namespace penstock::http_transport
