#include "http-transport/transfer.h"
#include "receiver.h"
#include "self_signed.h"
#include "transport_fixture.h"

#include <csignal>
#include <filesystem>

namespace penstock::http_transport {
namespace {

class Tls : public TransportTest {
protected:
  // OpenSSL writes to sockets that the client has closed.
  Tls() { static_cast<void>(signal(SIGPIPE, SIG_IGN)); }

  void trust(const SelfSigned& certificate) {
    const std::string file = (folder.path() / "ca.pem").string();
    certificate.write(file);
    open({{"allow", "127.0.0.1,localhost"}, {"ca_file", file}});
  }
  static std::string secured(const Receiver& receiver, const std::string& host = "127.0.0.1") {
    return "https://" + host + ':' + std::to_string(receiver.port()) + '/';
  }

  test::TemporaryFolder folder;
};

TEST_F(Tls, ASelfSignedCertificateIsRefusedAndNothingLeft) {
  const SelfSigned certificate("IP:127.0.0.1");
  Receiver receiver(certificate.script());
  const SendFailure failure = failed(post(secured(receiver)));
  EXPECT_EQ(failure.fault, SendFault::Untrusted);
  EXPECT_FALSE(failure.may_have_left);
}

TEST_F(Tls, ATrustedCertificateForTheHostIsAccepted) {
  const SelfSigned certificate("IP:127.0.0.1,DNS:localhost");
  Receiver receiver(certificate.script());
  trust(certificate);
  EXPECT_EQ(answered(post(secured(receiver))).status, 200U);
  EXPECT_EQ(answered(post(secured(receiver, "localhost"))).status, 200U);
}

// A file of the machine's authorities takes longer to read than a handshake.
TEST_F(Tls, TheAuthoritiesAreReadOnceForAllConnections) {
  const SelfSigned certificate("IP:127.0.0.1");
  Receiver first(certificate.script());
  Receiver second(certificate.script());
  trust(certificate);
  EXPECT_EQ(answered(post(secured(first))).status, 200U);
  ASSERT_TRUE(std::filesystem::remove(folder.path() / "ca.pem"));
  EXPECT_EQ(answered(post(secured(second))).status, 200U);
}

TEST(TrustedFile, IsTheOneThatIsNamedOrTheMachines) {
  EXPECT_EQ(trustedFile("/etc/gateway/ca.pem"), "/etc/gateway/ca.pem");
  const std::string machines = trustedFile("");
  EXPECT_EQ(access(machines.c_str(), R_OK), 0) << machines;
}

TEST_F(Tls, ACertificateForAnotherHostIsRefused) {
  const SelfSigned certificate("DNS:other.example");
  Receiver receiver(certificate.script());
  trust(certificate);
  const SendFailure failure = failed(post(secured(receiver, "localhost")));
  EXPECT_EQ(failure.fault, SendFault::Untrusted);
  EXPECT_FALSE(failure.may_have_left);
}

TEST_F(Tls, WhatDoesNotSpeakTlsIsRefused) {
  Receiver receiver([](Receiver::Connection& connection) {
    connection.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    connection.waitForEnd();
  });
  const SendFailure failure = failed(post(secured(receiver)));
  EXPECT_EQ(failure.fault, SendFault::Untrusted);
  EXPECT_FALSE(failure.may_have_left);
}

}  // namespace
}  // namespace penstock::http_transport
