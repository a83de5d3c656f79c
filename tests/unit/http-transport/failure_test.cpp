#include "receiver.h"
#include "transport_fixture.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>

namespace penstock::http_transport {
namespace {

using Failure = TransportTest;

TEST_F(Failure, ARefusedConnectionLetNothingLeave) {
  std::uint16_t port = 0;
  close(listenOnLoopback(1, port));
  const SendFailure failure = failed(post("http://127.0.0.1:" + std::to_string(port) + "/secret"));
  EXPECT_EQ(failure.fault, SendFault::Unreachable);
  EXPECT_FALSE(failure.may_have_left);
  EXPECT_THAT(failure.sentence, testing::HasSubstr("127.0.0.1:" + std::to_string(port)));
  EXPECT_THAT(failure.sentence, testing::Not(testing::HasSubstr("secret")));
}

/// A listener whose queue is full: whoever connects waits.
class FullListener {
public:
  FullListener() : listener_(listenOnLoopback(0, port)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    for (int& client : clients_) {
      client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      static_cast<void>(connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address));
    }
  }
  ~FullListener() {
    for (const int client : clients_) close(client);
    close(listener_);
  }
  FullListener(const FullListener&) = delete;
  FullListener& operator=(const FullListener&) = delete;
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port) + '/'; }

private:
  std::uint16_t port = 0;
  int listener_;
  int clients_[4] = {};
};

TEST_F(Failure, TheDeadlineComesWhileConnecting) {
  const FullListener listener;
  const SendFailure failure = failed(post(listener.url()), milliseconds(200));
  EXPECT_EQ(failure.fault, SendFault::TimedOut);
  EXPECT_FALSE(failure.may_have_left);
  EXPECT_GE(failure.latency, milliseconds(200));
}

TEST_F(Failure, ConnectingHasATimeOfItsOwn) {
  const FullListener listener;
  open({{"connect_timeout", "100ms"}});
  const SendFailure failure = failed(post(listener.url()));
  EXPECT_EQ(failure.fault, SendFault::Unreachable);
  EXPECT_FALSE(failure.may_have_left);
}

TEST_F(Failure, TheDeadlineComesWhileWaitingForTheAnswer) {
  Receiver receiver([](Receiver::Connection& connection) {
    connection.request();
    connection.waitForEnd();
  });
  const SendFailure failure = failed(post(receiver.url()), milliseconds(200));
  EXPECT_EQ(failure.fault, SendFault::TimedOut);
  EXPECT_TRUE(failure.may_have_left);
}

TEST_F(Failure, TheDeadlineComesInTheBody) {
  Receiver receiver([](Receiver::Connection& connection) {
    connection.request();
    connection.say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    connection.waitForEnd();
  });
  const SendFailure failure = failed(post(receiver.url()), milliseconds(200));
  EXPECT_EQ(failure.fault, SendFault::TimedOut);
  EXPECT_TRUE(failure.may_have_left);
}

TEST_F(Failure, ADeadlineThatHasPassedLetsNothingLeave) {
  Receiver receiver([](Receiver::Connection& connection) { connection.waitForEnd(); });
  const SendFailure failure = failed(post(receiver.url()), Duration::zero());
  EXPECT_EQ(failure.fault, SendFault::TimedOut);
  EXPECT_FALSE(failure.may_have_left);
  EXPECT_EQ(receiver.connections(), 0);
}

TEST_F(Failure, AnAnswerThatBreaksOffIsNone) {
  for (const char* half : {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "HTTP/1.1 200 OK\r\nContent-",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
                           "HTTP/1.1 100 Continue\r\n\r\n", "this is not HTTP\r\n\r\n", ""}) {
    Receiver receiver([half](Receiver::Connection& connection) {
      connection.request();
      connection.say(half);
    });
    const SendFailure failure = failed(post(receiver.url()));
    EXPECT_EQ(failure.fault, SendFault::Broken) << half;
    EXPECT_TRUE(failure.may_have_left) << half;
    EXPECT_EQ(receiver.requests().size(), 1U) << half;
  }
}

TEST_F(Failure, AHeadWithoutEndIsCutOff) {
  Receiver receiver([](Receiver::Connection& connection) {
    connection.request();
    connection.say("HTTP/1.1 200 OK\r\n");
    while (connection.say("X-More: " + std::string(1000, 'x') + "\r\n")) continue;
  });
  EXPECT_EQ(failed(post(receiver.url())).fault, SendFault::Broken);
}

TEST_F(Failure, AResetAfterTheRequestWasReadMayHaveLeft) {
  Receiver receiver([](Receiver::Connection& connection) {
    connection.request();
    connection.reset();
  });
  const SendFailure failure = failed(post(receiver.url()));
  EXPECT_EQ(failure.fault, SendFault::Broken);
  EXPECT_TRUE(failure.may_have_left);
  EXPECT_EQ(receiver.requests().size(), 1U);
}

// Whether the receiver's machine had the bytes cannot be known, so they count as gone.
TEST_F(Failure, AResetBeforeTheRequestWasReadIsNotTakenForCertain) {
  Receiver receiver([](Receiver::Connection& connection) {
    char first = 0;
    static_cast<void>(recv(connection.fd, &first, 1, 0));
    connection.reset();
  });
  const SendFailure failure = failed(post(receiver.url()));
  EXPECT_EQ(failure.fault, SendFault::Broken);
  EXPECT_TRUE(failure.may_have_left);
}

// libcurl would send it again on a fresh connection.
TEST_F(Failure, ARequestThatAReusedConnectionTookWithItArrivesOnce) {
  for (const bool resets : {false, true}) {
    Receiver receiver([resets](Receiver::Connection& connection) {
      connection.request();
      connection.answer("ok");
      connection.request();
      if (resets) connection.reset();
    });
    EXPECT_EQ(answered(post(receiver.url(), "first")).status, 200U);
    const SendFailure failure = failed(post(receiver.url(), "second"));
    EXPECT_EQ(failure.fault, SendFault::Broken);
    EXPECT_TRUE(failure.may_have_left);
    const auto requests = receiver.requests();
    EXPECT_EQ(std::count_if(requests.begin(), requests.end(),
                            [](const std::string& request) { return request.ends_with("second"); }),
              1);
  }
}

/// While it lives this process gets no file descriptor beside those it has.
class NoMoreDescriptors {
public:
  NoMoreDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int next = dup(STDERR_FILENO);
    close(next);
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(next);
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoMoreDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
  NoMoreDescriptors(const NoMoreDescriptors&) = delete;
  NoMoreDescriptors& operator=(const NoMoreDescriptors&) = delete;

private:
  rlimit before_{};
};

TEST_F(Failure, WithoutAFreeDescriptorItIsThisProcessThatIsBusy) {
  const auto answers = [](Receiver::Connection& connection) {
    while (!connection.request().empty()) connection.answer("ok");
  };
  Receiver receiver(answers);
  Receiver another(answers);
  open();
  EXPECT_EQ(answered(post(another.url())).status, 200U) << "whatever the transport opens for itself it has";
  {
    const NoMoreDescriptors none;
    const SendFailure failure = failed(post(receiver.url()));
    EXPECT_EQ(failure.fault, SendFault::Busy);
    EXPECT_FALSE(failure.may_have_left);
    EXPECT_EQ(failure.sentence, "there is no free file descriptor for a connection");
  }
  EXPECT_EQ(answered(post(receiver.url())).status, 200U);
}

TEST_F(Failure, MoreThanMayBeInFlightIsBusy) {
  open({{"allow", "127.0.0.1"}, {"max_in_flight", "1"}});
  Receiver receiver([](Receiver::Connection& connection) {
    connection.request();
    connection.waitForEnd();
  });
  auto first = send(post(receiver.url()));
  const SendFailure second = failed(post(receiver.url()));
  EXPECT_EQ(second.fault, SendFault::Busy);
  EXPECT_FALSE(second.may_have_left);
  fixture->stop();
  EXPECT_EQ(std::get<SendFailure>(first.get()).fault, SendFault::Stopped);
}

TEST_F(Failure, StoppingAnswersEverythingInFlight) {
  Receiver receiver([](Receiver::Connection& connection) {
    connection.request();
    connection.waitForEnd();
  });
  const FullListener listener;
  std::vector<std::future<SendOutcome>> read;
  std::vector<std::future<SendOutcome>> connecting;
  for (int i = 0; i < 20; ++i) read.push_back(send(post(receiver.url())));
  for (int i = 0; i < 20; ++i) connecting.push_back(send(post(listener.url())));
  receiver.waitForRequests(20);
  fixture->stop();
  for (auto& outcome : read) {
    const auto failure = std::get<SendFailure>(outcome.get());
    EXPECT_EQ(failure.fault, SendFault::Stopped);
    EXPECT_TRUE(failure.may_have_left);
  }
  for (auto& outcome : connecting) {
    const auto failure = std::get<SendFailure>(outcome.get());
    EXPECT_EQ(failure.fault, SendFault::Stopped);
    EXPECT_FALSE(failure.may_have_left);
  }
  EXPECT_EQ(failed(post(receiver.url())).fault, SendFault::Stopped);
  EXPECT_EQ(fixture->metrics.value("penstock_transport_in_flight"), 0);
}

TEST_F(Failure, AHandlerMaySendAndWhatItThrowsStopsNobody) {
  Receiver receiver([](Receiver::Connection& connection) {
    while (!connection.request().empty()) connection.answer("ok");
  });
  std::promise<SendOutcome> last;
  transport().send(post(receiver.url()), clock.now() + seconds(20), [&](SendOutcome) {
    transport().send(post(receiver.url()), clock.now() + seconds(20),
                     [&](SendOutcome outcome) { last.set_value(std::move(outcome)); });
    throw std::runtime_error("a handler's fault");
  });
  EXPECT_EQ(std::get<OutboundResponse>(last.get_future().get()).status, 200U);
  EXPECT_EQ(fixture->log.count("transport.handler_threw"), 1U);
}

}  // namespace
}  // namespace penstock::http_transport
