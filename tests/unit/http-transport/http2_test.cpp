#include "http2_server.h"
#include "transport_fixture.h"

#include <csignal>
#include <future>
#include <string>
#include <variant>
#include <vector>

namespace penstock::http_transport {
namespace {

class Http2 : public TransportTest {
protected:
  Http2() {
    // OpenSSL writes to sockets that the server has closed.
    static_cast<void>(signal(SIGPIPE, SIG_IGN));
    open({{"allow", "127.0.0.1"}, {"ca_file", server.authority()}});
  }
  static std::string connectionOf(const OutboundResponse& response) {
    for (const auto& [name, value] : response.headers)
      if (name == "x-connection") return value;
    return "none";
  }

  const SelfSigned certificate{"IP:127.0.0.1"};
  Http2Server server{certificate};
};

TEST_F(Http2, IsSpokenWithWhoeverOffersItAndManyRequestsShareAConnection) {
  const OutboundResponse first = answered(post(server.url()));
  ASSERT_EQ(first.status, 200U) << server.log();
  EXPECT_EQ(first.body, "HTTP/2.0");
  std::vector<std::future<SendOutcome>> outcomes;
  for (int i = 0; i < 50; ++i) outcomes.push_back(send(post(server.url())));
  for (auto& outcome : outcomes) {
    const SendOutcome told = outcome.get();
    const auto* response = std::get_if<OutboundResponse>(&told);
    ASSERT_NE(response, nullptr) << std::get<SendFailure>(told).sentence;
    EXPECT_EQ(response->status, 200U);
    EXPECT_EQ(response->body, "HTTP/2.0");
    EXPECT_EQ(connectionOf(*response), connectionOf(first));
  }
  EXPECT_EQ(fixture->metrics.value("penstock_transport_connections_total"), 1);
}

TEST_F(Http2, AStreamThatEndsWithoutAnAnswerMayHaveBeenRead) {
  const SendFailure failure = failed(post(server.url("/gone")));
  EXPECT_EQ(failure.fault, SendFault::Broken) << failure.sentence << server.log();
  EXPECT_TRUE(failure.may_have_left);
}

}  // namespace
}  // namespace penstock::http_transport
