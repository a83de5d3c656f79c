#include "http-transport/config.h"
#include "http-transport/http_transport.h"
#include "penstock/plugin.h"
#include "receiver.h"
#include "support/captured_log.h"
#include "support/manual_clock.h"
#include "support/recorded_metrics.h"
#include "support/row_config.h"
#include "support/running_clock.h"
#include "support/stub_health_board.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <latch>

namespace penstock::http_transport {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

const Address kLoopback = parseAddress("127.0.0.1").value();
const Address kPublic = parseAddress("8.8.8.8").value();

class ResolverTest : public testing::Test {
protected:
  void open(Lookup lookup, std::size_t threads = 1) {
    resolver = std::make_unique<Resolver>(std::move(lookup), threads, ResolverMemory{seconds(60), seconds(5)}, clock,
                                          instruments.lookups, instruments.exceptions, log.log());
  }
  Resolution ask(const std::string& host) {
    std::promise<Resolution> told;
    resolver->ask(host, [&](const Resolution& resolution) { told.set_value(resolution); });
    return told.get_future().get();
  }

  test::ManualClock clock;
  test::RecordedMetrics metrics;
  Instruments instruments{metrics};
  test::CapturedLog log{"resolver"};
  std::unique_ptr<Resolver> resolver;
};

TEST_F(ResolverTest, ANameIsRememberedForABoundedTime) {
  std::atomic<int> lookups{0};
  open([&](const std::string&) { return Resolution{{++lookups == 1 ? kPublic : kLoopback}, {}}; });
  EXPECT_EQ(ask("a.example").addresses.front(), kPublic);
  clock.advance(seconds(59));
  EXPECT_EQ(ask("a.example").addresses.front(), kPublic);
  clock.advance(seconds(1));
  EXPECT_EQ(ask("a.example").addresses.front(), kLoopback);
  EXPECT_EQ(lookups, 2);
}

TEST_F(ResolverTest, ManyWhoAskAtOnceCauseOneLookup) {
  std::promise<void> gate;
  std::atomic<int> lookups{0};
  open(
      [&, open_gate = gate.get_future().share()](const std::string&) {
        ++lookups;
        open_gate.wait();
        return Resolution{{kPublic}, {}};
      },
      4);
  std::latch answered(100);
  for (int i = 0; i < 100; ++i) resolver->ask("a.example", [&](const Resolution&) { answered.count_down(); });
  gate.set_value();
  answered.wait();
  EXPECT_EQ(lookups, 1);
}

TEST_F(ResolverTest, AFailureIsRememberedForAShortTime) {
  std::atomic<int> lookups{0};
  open([&](const std::string& host) -> Resolution {
    if (++lookups == 1) throw std::runtime_error("broken");
    if (lookups == 2) return {{}, host + " has no address"};
    return {{kPublic}, {}};
  });
  EXPECT_EQ(ask("a.example").fault, "a.example could not be looked up");
  clock.advance(seconds(4));
  EXPECT_EQ(ask("a.example").fault, "a.example could not be looked up");
  EXPECT_EQ(lookups, 1);
  clock.advance(seconds(1));
  EXPECT_EQ(ask("a.example").fault, "a.example has no address");
  clock.advance(seconds(5));
  ASSERT_EQ(ask("a.example").addresses.size(), 1U);
  EXPECT_EQ(lookups, 3);
}

TEST_F(ResolverTest, NamesThatHangLeaveThreadsToOthers) {
  std::promise<void> gate;
  std::atomic<bool> hangs{false};
  open(
      [&, open_gate = gate.get_future().share()](const std::string& host) -> Resolution {
        if (host == "quick.example") return {{kPublic}, {}};
        if (hangs)
          open_gate.wait();
        else
          clock.advance(seconds(2));
        return {{}, host + " has no address"};
      },
      2);
  const std::vector<std::string> slow{"one.example", "two.example", "three.example"};
  for (const std::string& host : slow) ask(host);
  clock.advance(seconds(10));
  hangs = true;
  std::latch answered(static_cast<std::ptrdiff_t>(slow.size()));
  for (const std::string& host : slow) resolver->ask(host, [&](const Resolution&) { answered.count_down(); });
  std::promise<Resolution> told;
  resolver->ask("quick.example", [&](const Resolution& resolution) { told.set_value(resolution); });
  auto quick = told.get_future();
  EXPECT_EQ(quick.wait_for(seconds(20)), std::future_status::ready);
  gate.set_value();
  answered.wait();
  EXPECT_EQ(quick.get().addresses.size(), 1U);
}

TEST(SystemLookup, FindsTheLoopbackAddressOfThisMachine) {
  EXPECT_THAT(lookUp("localhost").addresses, testing::Contains(kLoopback));
  EXPECT_THAT(lookUp("no-such-name.invalid").fault, HasSubstr("no-such-name.invalid has no address"));
}

/// The transport with a name service of the test's.
class NameServiceTest : public testing::Test {
protected:
  void open(Lookup lookup, test::Overrides overrides = {}) {
    transport = std::make_unique<HttpTransport>(Settings::read(test::RowConfig(kRows, std::move(overrides))),
                                                std::move(lookup), metrics, clock, board, log.log());
  }
  std::future<SendOutcome> send(const std::string& url, Duration patience = seconds(20)) {
    auto promise = std::make_shared<std::promise<SendOutcome>>();
    auto outcome = promise->get_future();
    transport->send({.method = "POST", .url = url, .headers = {}, .body = "x"}, clock.now() + patience,
                    [promise](SendOutcome told) { promise->set_value(std::move(told)); });
    return outcome;
  }
  SendFailure failed(const std::string& url, Duration patience = seconds(20)) {
    return std::get<SendFailure>(send(url, patience).get());
  }
  Receiver::Script polite() {
    return [](Receiver::Connection& connection) {
      while (!connection.request().empty()) connection.answer("ok");
    };
  }

  test::RunningClock clock;
  test::RecordedMetrics metrics;
  test::StubHealthBoard board;
  test::CapturedLog log{"http-transport"};
  std::unique_ptr<HttpTransport> transport;
};

TEST_F(NameServiceTest, ConnectsToTheAddressThatWasChecked) {
  Receiver receiver(polite());
  std::atomic<int> lookups{0};
  open(
      [&](const std::string&) {
        return Resolution{{++lookups == 1 ? kLoopback : kPublic}, {}};
      },
      {{"allow", ".internal"}});
  const std::string url = "http://hooks.internal:" + std::to_string(receiver.port()) + '/';
  for (int i = 0; i < 3; ++i) EXPECT_EQ(std::get<OutboundResponse>(send(url).get()).body, "ok");
  EXPECT_EQ(lookups, 1);
  EXPECT_THAT(receiver.requests().front(), HasSubstr("Host: hooks.internal:" + std::to_string(receiver.port())));
}

TEST_F(NameServiceTest, ANameThatTurnsPrivateIsRefusedAndNobodyIsConnected) {
  Receiver receiver(polite());
  open(
      [](const std::string&) {
        return Resolution{{kPublic, kLoopback}, {}};
      },
      {{"ports", std::to_string(receiver.port())}});
  const SendFailure failure = failed("https://rebinding.example:" + std::to_string(receiver.port()) + '/');
  EXPECT_EQ(failure.fault, SendFault::Forbidden);
  EXPECT_FALSE(failure.may_have_left);
  EXPECT_EQ(failure.sentence,
            "rebinding.example stands for a loopback address; http-transport.allow (SSRF_ALLOWLIST) permits others");
  const auto lines = log.lines();
  ASSERT_EQ(log.count("transport.forbidden_address"), 1U);
  EXPECT_EQ(lines.back().getPriority(), Poco::Message::PRIO_DEBUG);
  EXPECT_EQ(lines.back().get("address", ""), "127.0.0.1");
  EXPECT_EQ(receiver.connections(), 0);
}

// libcurl knows what localhost is without asking anybody; the address it takes is not one of those that were checked.
TEST_F(NameServiceTest, LibcurlsOwnIdeaOfANameDoesNotCount) {
  Receiver receiver(polite());
  open(
      [](const std::string&) {
        return Resolution{{parseAddress("127.0.0.9").value()}, {}};
      },
      {{"allow", "localhost"}});
  const SendFailure failure = failed("http://localhost:" + std::to_string(receiver.port()) + '/');
  EXPECT_EQ(failure.fault, SendFault::Unreachable);
  EXPECT_FALSE(failure.may_have_left);
  EXPECT_EQ(receiver.connections(), 0);
}

TEST_F(NameServiceTest, ANameWithoutAnAddressFailsWithoutAByte) {
  open([](const std::string& host) { return Resolution{{}, host + " has no address"}; });
  const SendFailure failure = failed("https://nobody.example/");
  EXPECT_EQ(failure.fault, SendFault::Unresolved);
  EXPECT_FALSE(failure.may_have_left);
  EXPECT_EQ(failure.sentence, "nobody.example has no address");
}

TEST_F(NameServiceTest, ANameServiceThatHangsHoldsUpNobodyElse) {
  Receiver receiver(polite());
  std::promise<void> gate;
  open(
      [open_gate = gate.get_future().share()](const std::string&) {
        open_gate.wait();
        return Resolution{{kPublic}, {}};
      },
      {{"allow", "127.0.0.1"}});
  auto hanging = send("https://slow.example/", std::chrono::milliseconds(100));
  EXPECT_EQ(std::get<OutboundResponse>(send(receiver.url()).get()).status, 200U);
  const auto failure = std::get<SendFailure>(hanging.get());
  EXPECT_EQ(failure.fault, SendFault::TimedOut);
  EXPECT_FALSE(failure.may_have_left);
  gate.set_value();
}

TEST_F(NameServiceTest, AProxyIsConnectedInsteadAndToldTheName) {
  Receiver proxy(polite());
  open(
      [](const std::string& host) {
        return host == "proxy.internal" ? Resolution{{kLoopback}, {}} : Resolution{};
      },
      {{"allow", "hooks.internal"}, {"proxy.url", "http://proxy.internal:" + std::to_string(proxy.port())}});
  EXPECT_EQ(std::get<OutboundResponse>(send("http://hooks.internal:8000/a").get()).status, 200U);
  EXPECT_THAT(proxy.requests().front(), testing::StartsWith("POST http://hooks.internal:8000/a HTTP/1.1\r\n"));
  EXPECT_EQ(failed("https://169.254.169.254/").fault, SendFault::Forbidden);
}

TEST_F(NameServiceTest, AProxyIsToldUserAndPassword) {
  Receiver proxy([](Receiver::Connection& connection) {
    while (!connection.request().empty()) connection.answer("no", "403 Forbidden");
  });
  open(lookUp, {{"allow", "hooks.internal"},
                {"proxy.url", "http://127.0.0.1:" + std::to_string(proxy.port())},
                {"proxy.user", "gateway"},
                {"proxy.password", "p:w"}});
  EXPECT_EQ(std::get<OutboundResponse>(send("http://hooks.internal:8000/a").get()).status, 403U);
  EXPECT_EQ(failed("https://hooks.example/a").fault, SendFault::Unreachable);
  const auto requests = proxy.requests();
  ASSERT_EQ(requests.size(), 2U);
  for (const std::string& request : requests)
    EXPECT_THAT(request, HasSubstr("\r\nProxy-Authorization: Basic Z2F0ZXdheTpwOnc=\r\n"));
}

TEST_F(NameServiceTest, UserAndPasswordOfNoProxyAreRefused) {
  for (const test::Overrides& wrong :
       {test::Overrides{{"proxy.user", "gateway"}},
        test::Overrides{{"proxy.url", "http://proxy.example:3128"}, {"proxy.password", "x"}},
        test::Overrides{{"proxy.url", "http://proxy.example:3128"}, {"proxy.user", "a:b"}, {"proxy.password", "x"}}})
    EXPECT_THROW(Settings::read(test::RowConfig(kRows, wrong)), StartFailure);
}

TEST_F(NameServiceTest, AProxyThatWouldNotTunnelGetsNoByteOfTheRequest) {
  Receiver proxy([](Receiver::Connection& connection) {
    while (!connection.request().empty()) connection.answer("no", "403 Forbidden");
  });
  open(lookUp, {{"proxy.url", "http://127.0.0.1:" + std::to_string(proxy.port())}});
  const SendFailure failure = failed("https://hooks.example/secret");
  EXPECT_EQ(failure.fault, SendFault::Unreachable);
  EXPECT_FALSE(failure.may_have_left);
  EXPECT_THAT(proxy.requests().front(), testing::StartsWith("CONNECT hooks.example:443 HTTP/1.1\r\n"));
  EXPECT_THAT(proxy.requests().front(), testing::Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace penstock::http_transport
